"""Trying an A4 printer out: `menkou devices test document_printer`."""

from __future__ import annotations

import secrets

from drivers.document_printer.port import FINAL_STATES, DocumentPrinter, JobProgress, JobState, PrintJob, SubmitFault
from drivers.document_printer.trial_page import build_test_page
from drivers.trial import Console, in_brackets

_JOBS = {
    JobState.PENDING: "排队",
    JobState.PROCESSING: "正在打印",
    JobState.STOPPED: "停住了，要人处理",
    JobState.COMPLETED: "打印好了",
    JobState.CANCELED: "已取消",
    JobState.ABORTED: "打印机放弃了",
    JobState.UNKNOWN: "不明",
}
_FAULTS = {
    SubmitFault.OFFLINE: "打印机离线",
    SubmitFault.BUSY: "打印机忙",
    SubmitFault.FORMAT_NOT_SUPPORTED: "打印机不支持这种格式",
    SubmitFault.NOT_ACCEPTING: "打印机暂停接收",
    SubmitFault.NO_MEDIA: "没有所需的纸",
    SubmitFault.REJECTED: "打印机拒绝",
    SubmitFault.UNKNOWN: "发送时中断，不知道收到没有",
}


async def trial(device: DocumentPrinter, console: Console) -> bool:
    """Prints one page; a person looks at it."""
    await device.refresh()
    job = await device.submit(build_test_page("Menkou test page"), f"test-page-{secrets.token_hex(4)}")
    if not isinstance(job, PrintJob):
        console.say(f"测试页没有被接收：{_FAULTS[job]}", f"Test page not accepted: {job.value}")
        return False
    last = JobProgress(JobState.UNKNOWN)
    async for last in device.follow(job):
        _tell(console, job, last)
        given_up = last.state is JobState.STOPPED and not await console.ask(
            "处理好了吗？处理好后会自动接着打", "Is it mended? It then goes on by itself."
        )
        if given_up:
            last = await device.cancel(job)
            _tell(console, job, last)
        if given_up or last.state in FINAL_STATES:
            break
    if last.state is not JobState.COMPLETED:
        return False
    return await console.ask(
        "页面清楚吗：顶上“测试页”、18 厘米的尺、十一级灰、五条线、离纸边 5 毫米的框？",
        "Is the page clean: a title at the top, a ruler of 18 cm, eleven greys, five lines, a frame 5 mm inside?",
    )


def _tell(console: Console, job: PrintJob, progress: JobProgress) -> None:
    causes = in_brackets(", ".join(sorted(progress.reasons)))
    console.say(f"任务 {job.job_id}：{_JOBS[progress.state]}", f"Job {job.job_id}: {progress.state.value}{causes}")
