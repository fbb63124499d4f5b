package io.headrace.client.admin;

/**
 * A group in a list.
 *
 * @param protocolType {@code consumer} for consumers; empty for groups that only hold offsets
 * @param state as the server names it: Stable, Empty, PreparingRebalance, ...
 * @param type {@code classic}, {@code consumer}, ...; empty when the server does not say
 */
public record GroupListing(String groupId, String protocolType, String state, String type) {}
