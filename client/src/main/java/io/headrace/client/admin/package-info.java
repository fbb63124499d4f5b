/**
 * Administering topics, configurations, groups and the cluster.
 *
 * <p>Lives here: {@link io.headrace.client.admin.Admin} and the values that it takes and answers.
 *
 * <p>May depend on: {@code metadata}, {@code connection}, {@code error} and {@code protocol}.
 *
 * <p>Invariant: one call takes a bounded number of requests, however many topics or groups it
 * names.
 */
@NullMarked
package io.headrace.client.admin;

import org.jspecify.annotations.NullMarked;
