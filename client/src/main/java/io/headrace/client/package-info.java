/**
 * The non-blocking Java client: producer, consumer, groups and administration as {@code Mono} and
 * {@code Flux}.
 *
 * <p>Lives here: the entry, {@link io.headrace.client.HeadraceClient}, and what wires the rooms
 * together.
 *
 * <p>May depend on: all rooms of the client; {@code transport} and {@code protocol}.
 *
 * <p>Invariant: no method blocks, and everything that waits has a deadline.
 *
 * <p>A complete program:
 *
 * <pre>{@code
 * HeadraceClient client =
 *         HeadraceClient.builder().bootstrap("localhost:9092").clientId("tour").build();
 *
 * client.admin().createTopic(NewTopic.of("earthquakes", 3)).block();
 *
 * Producer producer = client.producer();
 * Flux.just("Alaska", "Chile", "Japan")
 *         .concatMap(place -> producer.send(ProducerRecord.ofText("earthquakes", place, "M 5.1")))
 *         .doOnNext(stored -> System.out.println(stored.partition() + "@" + stored.offset()))
 *         .blockLast();
 *
 * client.consumer()
 *         .read(Assignment.topic("earthquakes", Position.earliest()))
 *         .take(3)
 *         .doOnNext(record -> System.out.println(record.keyText() + ": " + record.valueText()))
 *         .blockLast();
 *
 * client.close().block();
 * }</pre>
 */
@NullMarked
package io.headrace.client;

import org.jspecify.annotations.NullMarked;
