package io.headrace.standalone.threenodes;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;

import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;

/**
 * Counts the words of lines and joins each count with the word's weight; writes word and count
 * times weight for every single word, since nothing is cached. Runs until it is killed.
 *
 * <pre>WordCount BOOTSTRAP APPLICATION-ID STATE-DIRECTORY</pre>
 */
final class WordCount {
    static final String LINES = "lines";
    static final String WEIGHTS = "weights";
    static final String TOTALS = "totals";

    private WordCount() {}

    static Topology topology() {
        StreamsBuilder builder = new StreamsBuilder();
        KTable<String, Long> weights =
                builder.table(WEIGHTS, Consumed.with(Serdes.String(), Serdes.Long()));
        builder.stream(LINES, Consumed.with(Serdes.String(), Serdes.String()))
                .flatMapValues(line -> Arrays.asList(line.split(" ")))
                .groupBy((key, word) -> word, Grouped.with(Serdes.String(), Serdes.String()))
                .count(Materialized.with(Serdes.String(), Serdes.Long()))
                .toStream()
                .join(weights, (count, weight) -> count * weight)
                .to(TOTALS, Produced.with(Serdes.String(), Serdes.Long()));
        return builder.build();
    }

    private static Properties configs(String bootstrap, String application, String directory) {
        Properties configs = new Properties();
        configs.putAll(
                Map.of(
                        StreamsConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrap,
                        StreamsConfig.APPLICATION_ID_CONFIG,
                        application,
                        StreamsConfig.STATE_DIR_CONFIG,
                        directory,
                        StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
                        StreamsConfig.EXACTLY_ONCE_V2,
                        StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG,
                        0,
                        StreamsConfig.NUM_STREAM_THREADS_CONFIG,
                        2));
        // A killed instance must not be waited for longer than this test lasts.
        configs.put(StreamsConfig.consumerPrefix("session.timeout.ms"), 6_000);
        configs.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        configs.put(StreamsConfig.producerPrefix("transaction.timeout.ms"), 10_000);
        return configs;
    }

    public static void main(String[] arguments) throws InterruptedException {
        Properties configs = configs(arguments[0], arguments[1], arguments[2]);
        try (KafkaStreams streams = new KafkaStreams(topology(), configs)) {
            streams.setStateListener((now, before) -> System.out.println("state " + now));
            CountDownLatch dead = new CountDownLatch(1);
            streams.setUncaughtExceptionHandler(
                    failure -> {
                        failure.printStackTrace();
                        dead.countDown();
                        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
                    });
            streams.start();
            dead.await();
            streams.close(Duration.ofSeconds(10));
        }
        System.exit(1);
    }
}
