package io.headrace.client;

import io.headrace.client.admin.Admin;
import io.headrace.client.consume.Consumer;
import io.headrace.client.group.GroupConsumer;
import io.headrace.client.group.GroupOptions;
import io.headrace.client.produce.Producer;
import io.headrace.client.produce.ProducerOptions;
import io.headrace.client.produce.TransactionOptions;
import io.headrace.client.produce.TransactionalProducer;

import reactor.core.publisher.Mono;

/**
 * A client of a Headrace or Apache Kafka cluster. What it makes shares its connections, metadata
 * and event loops; nothing blocks. One client serves a whole process.
 *
 * <pre>{@code
 * HeadraceClient client = HeadraceClient.builder().bootstrap("localhost:9092").build();
 * client.producer(ProducerOptions.defaults())
 *         .send(ProducerRecord.ofText("greetings", "hello"))
 *         .block();
 * client.close().block();
 * }</pre>
 */
public interface HeadraceClient {
    /** Starts to describe a client. */
    static HeadraceClientBuilder builder() {
        return new HeadraceClientBuilder();
    }

    /** A new producer. It must be closed, or ends with the client. */
    Producer producer(ProducerOptions options);

    /** A new producer with the default options. */
    default Producer producer() {
        return producer(ProducerOptions.defaults());
    }

    /** A new producer of transactions. It must be closed, or ends with the client. */
    TransactionalProducer transactionalProducer(TransactionOptions options);

    /** The reader of partitions. */
    Consumer consumer();

    /** A new member of a consumer group; it joins when its records are subscribed to. */
    GroupConsumer groupConsumer(GroupOptions options);

    /** The administration of the cluster. */
    Admin admin();

    /** Closes all that this client made, then its connections and threads. */
    Mono<Void> close();
}
