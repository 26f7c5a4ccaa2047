"""What people call the states, steps, roles and effects of a case, in English and Chinese.

By the values of `State`, `Action`, `Role`, `Effect` and `FeedOutcome`, which are names for programs.
"""

from collections.abc import Iterable, Mapping

from xinzheng_schemas.errors import Message

STATES: Mapping[str, Message] = {
    "applied": Message("applied", "已申请"),
    "returned": Message("returned", "已退回材料"),
    "withdrawn": Message("withdrawn", "已撤回"),
    "rejected": Message("rejected", "已驳回"),
    "maskingConfirmed": Message("masking confirmed", "已确认屏蔽"),
    "approved": Message("approved", "已批准"),
    "active": Message("active", "有效"),
    "suspended": Message("suspended", "已暂停"),
    "revoked": Message("revoked", "已撤销"),
    "expired": Message("expired", "已到期"),
    "none": Message("not registered", "未登记"),
}

ACTIONS: Mapping[str, Message] = {
    "register": Message("register", "登记申请"),
    "return": Message("return", "退回材料"),
    "withdraw": Message("withdraw", "撤回申请"),
    "reject": Message("reject", "驳回申请"),
    "confirmMasking": Message("confirm the masking", "确认屏蔽"),
    "renewListCheck": Message("renew the look-up", "重新核查名单"),
    "approve": Message("approve", "批准"),
    "sendBack": Message("send back", "退回法官"),
    "issue": Message("issue", "出具证明"),
    "suspend": Message("suspend", "暂停证明"),
    "proposeReinstatement": Message("propose to reinstate", "提议恢复证明"),
    "reinstate": Message("reinstate", "恢复证明"),
    "revoke": Message("revoke", "撤销证明"),
    "expire": Message("expire", "到期"),
    "resume": Message("take back an end that has not come", "撤回尚未到来的到期"),
    "supersede": Message("replace by the certificate in force", "由有效证明取代"),
    "reissue": Message("re-issue", "重新出具"),
    "dropReissue": Message("drop the re-issue", "放弃重新出具"),
    "reviewFeed": Message("mark records of the list as looked at", "标记名单记录为已核对"),
    "deliverFeed": Message("deliver records of the list", "报送名单记录"),
    "readFeed": Message("read records of the list", "查阅名单记录"),
}

ROLES: Mapping[str, Message] = {
    "clerk": Message("clerk", "书记员"),
    "judge": Message("judge", "承办法官"),
    "approver": Message("approver", "审批人（执行局局长）"),
    "vicePresident": Message("vice-president", "副院长"),
    "sealOperator": Message("seal operator", "用印员"),
    "administrator": Message("administrator", "管理员"),
    "system": Message("system", "系统"),
    "clock": Message("clock", "时钟"),
}

EFFECTS: Mapping[str, Message] = {
    "none": Message("no effect", "无影响"),
    "sentBack": Message("application sent back", "申请已退回"),
    "suspended": Message("certificate suspended", "证明已暂停"),
    "revoked": Message("certificate revoked", "证明已撤销"),
}

OUTCOMES: Mapping[str, Message] = {
    "applied": Message("applied", "已处理"),
    "unmatched": Message("unmatched", "无对应"),
    "flagged": Message("flagged", "待核对"),
    "rejected": Message("rejected", "未受理"),
}


def listed(labels: Mapping[str, Message], values: Iterable[str]) -> Message:
    """Several labels in one phrase, in the order of `labels`."""
    wanted = set(values)
    found = [label for value, label in labels.items() if value in wanted]
    return Message(", ".join(label.en for label in found), "、".join(label.zh for label in found))
