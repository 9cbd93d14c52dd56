"""GB/T 2260 province prefixes. County codes are versioned by year and never a reason to refuse a number."""

from __future__ import annotations

from content.schema.text import Text

PROVINCES: dict[str, Text] = {
    "11": Text("北京", "Beijing"),
    "12": Text("天津", "Tianjin"),
    "13": Text("河北", "Hebei"),
    "14": Text("山西", "Shanxi"),
    "15": Text("内蒙古", "Inner Mongolia"),
    "21": Text("辽宁", "Liaoning"),
    "22": Text("吉林", "Jilin"),
    "23": Text("黑龙江", "Heilongjiang"),
    "31": Text("上海", "Shanghai"),
    "32": Text("江苏", "Jiangsu"),
    "33": Text("浙江", "Zhejiang"),
    "34": Text("安徽", "Anhui"),
    "35": Text("福建", "Fujian"),
    "36": Text("江西", "Jiangxi"),
    "37": Text("山东", "Shandong"),
    "41": Text("河南", "Henan"),
    "42": Text("湖北", "Hubei"),
    "43": Text("湖南", "Hunan"),
    "44": Text("广东", "Guangdong"),
    "45": Text("广西", "Guangxi"),
    "46": Text("海南", "Hainan"),
    "50": Text("重庆", "Chongqing"),
    "51": Text("四川", "Sichuan"),
    "52": Text("贵州", "Guizhou"),
    "53": Text("云南", "Yunnan"),
    "54": Text("西藏", "Tibet"),
    "61": Text("陕西", "Shaanxi"),
    "62": Text("甘肃", "Gansu"),
    "63": Text("青海", "Qinghai"),
    "64": Text("宁夏", "Ningxia"),
    "65": Text("新疆", "Xinjiang"),
    "71": Text("台湾", "Taiwan"),
    "81": Text("香港", "Hong Kong"),
    "82": Text("澳门", "Macao"),
}
