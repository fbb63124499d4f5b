/**
 * Administration over HTTP: topics, groups, cluster.
 *
 * <p>Lives here: one handler for each, and the models of their JSON.
 *
 * <p>May depend on: the client, problem, record's names and places.
 *
 * <p>Invariant: a handler changes nothing that the cluster has not confirmed.
 */
@NullMarked
package io.headrace.gateway.admin;

import org.jspecify.annotations.NullMarked;
