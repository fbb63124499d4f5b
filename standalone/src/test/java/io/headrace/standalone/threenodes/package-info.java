/** Unmodified clients, tools and Kafka Streams on a cluster whose processes are killed. */
@NullMarked
package io.headrace.standalone.threenodes;

import org.jspecify.annotations.NullMarked;
