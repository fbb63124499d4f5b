package io.headrace.storage;

import org.apache.kafka.clients.producer.KafkaProducer;

import java.util.function.Supplier;

/** A client that believes in a leader, since that node told it so itself. */
final class Believer {
    private Believer() {}

    /** Makes producers until one has asked a node by whose word that node leads partition 0. */
    static KafkaProducer<String, String> in(
            int leader, String topic, Supplier<KafkaProducer<String, String>> producers) {
        while (true) {
            KafkaProducer<String, String> made = producers.get();
            if (made.partitionsFor(topic).getFirst().leader().id() == leader) {
                return made;
            }
            made.close(); // it happened to ask another node
        }
    }
}
