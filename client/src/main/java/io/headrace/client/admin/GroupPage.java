package io.headrace.client.admin;

import java.util.List;

/**
 * A page of the groups of a cluster.
 *
 * @param groups in the order of their ids
 * @param total how many groups there are, on all pages
 * @param hasMore whether groups come after these
 */
public record GroupPage(List<GroupListing> groups, int total, boolean hasMore) {}
