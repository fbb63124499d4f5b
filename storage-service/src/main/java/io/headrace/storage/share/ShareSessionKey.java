package io.headrace.storage.share;

/** Names a share session: a member has one on each node. */
public record ShareSessionKey(String groupId, String memberId) {}
