"""Papers the government itself issues. A department looks them up (国务院 "two must-nots": what the government issued,
and what departments can share, is not asked of people); `lint.papers` refuses them among what an applicant hands in.

Each with who has the record. A name that only begins like one (身份证数码照片回执: a photo shop's) is another paper.
"""

from __future__ import annotations

import re

# (what it is called, who keeps the record)
ISSUED: tuple[tuple[str, str], ...] = (
    (r"身份证(?!数码|照片|号|申领|受理)", "公安机关人口库；本机读卡"),
    (r"户口[簿本]|户籍证明", "公安机关人口库"),
    (r"居住证|居住登记凭证", "公安机关"),
    (r"护照|(?:港澳|台湾|往来)[^，。；、]{0,6}通行证", "移民管理机构"),
    (r"驾驶证(?!身体)|行驶证|机动车登记证书", "公安机关交通管理部门"),
    (r"无犯罪记录(?:证明|证书)", "公安机关"),
    (r"结婚证|离婚证|婚姻登记(?:记录)?证明", "民政部门婚姻登记库"),
    (r"低保证|低收入证|特困(?:供养)?证", "民政部门"),
    (r"出生医学证明|独生子女证", "卫生健康部门"),
    (r"(?:不动产|房屋|土地|林)[^，。；、]{0,4}(?:权证|产权证|使用证)|房产证", "不动产登记机构"),
    (r"营业执照|组织机构代码证|税务登记证", "市场监管部门；本机读电子营业执照"),
    (r"(?:社会团体|民办非企业|基金会|事业单位)[^，。；、]{0,6}登记证", "登记管理机关"),
    (r"许可证(?!申请)|备案凭证", "发证的审批部门"),
    (r"完税(?:证明|凭证)|纳税(?:证明|记录)", "税务部门"),
    (r"社会保障卡|社保卡|参保(?:缴费)?证明|就业创业证", "人力资源社会保障部门"),
    (r"教师资格|职业(?:资格|技能等级)证|从业资格证", "教育、人力资源社会保障、交通部门"),
    (r"(?:毕业|学位|学历)证", "教育部门学历学位库"),
    (r"残疾人证", "残疾人联合会"),
    (r"退役军人[^，。；、]{0,4}(?:证|优待证)|烈士证明书|优待证|优抚[^，。；、]{0,6}证", "退役军人事务部门"),
    (r"老年[人]?[^，。；、]{0,2}优待证", "卫生健康、民政部门"),
)
# 军人的参保凭证由军队后勤机关开具，地方查不到。
_NOT_OURS = re.compile("军人退役")
_ISSUED = tuple((re.compile(name), record) for name, record in ISSUED)


def issued(name: str) -> tuple[str, str] | None:
    """What in a material's Chinese name the government issues, and who has the record of it."""
    if _NOT_OURS.search(name):
        return None
    for pattern, record in _ISSUED:
        if found := pattern.search(name):
            return found.group(), record
    return None
