package io.headrace.standalone.chaos;

import io.headrace.testkit.history.PartitionReading;
import io.headrace.testkit.history.ProducerJournal;
import io.headrace.testkit.history.TransferChecker;
import io.headrace.testkit.history.TransferJournal;
import io.headrace.testkit.history.TransferJournal.Outcome;
import io.headrace.testkit.history.TransferLeg;
import io.headrace.testkit.history.Violation;

import org.apache.kafka.common.TopicPartition;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The bank: orders come in, tellers carry them out in transactions, an auditor looks on. All its
 * promises together are exactly-once processing.
 */
final class BankLoad {
    static final String ORDERS = "orders";
    static final String ACCOUNTS = "accounts";
    private static final int ORDER_PARTITIONS = 3;
    private static final int ACCOUNT_PARTITIONS = 4;
    private static final int TELLERS = 2;
    private static final int ORDER_BYTES = 32;

    private final String bootstrap;
    private final TransferJournal journal = new TransferJournal();
    private final ProducerLoad orders;
    private final List<TellerLoad> tellers = new ArrayList<>();
    private final TransferAudit audit;

    /**
     * Starts it; its topics are there.
     *
     * @param id of the producer of orders among all producers of the run
     * @param activities makes one for each workload by its name
     */
    BankLoad(String bootstrap, int id, int perSecond, Function<String, Activity> activities) {
        this.bootstrap = bootstrap;
        this.orders =
                new ProducerLoad(
                        bootstrap,
                        new ProducerJournal("orders-" + id, id, ORDERS),
                        activities.apply("order"),
                        ORDER_PARTITIONS,
                        perSecond,
                        ORDER_BYTES);
        Activity transferred = activities.apply("transfer");
        for (int i = 1; i <= TELLERS; i++) {
            tellers.add(new TellerLoad(bootstrap, i, ORDERS, ACCOUNTS, journal, transferred));
        }
        this.audit =
                new TransferAudit(
                        bootstrap,
                        "auditor",
                        partitions(ACCOUNTS, ACCOUNT_PARTITIONS),
                        journal,
                        activities.apply("audit"));
    }

    /** Topics and how many partitions each has. */
    static Map<String, Integer> topics() {
        return Map.of(ORDERS, ORDER_PARTITIONS, ACCOUNTS, ACCOUNT_PARTITIONS);
    }

    private static List<TopicPartition> partitions(String topic, int count) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            partitions.add(new TopicPartition(topic, i));
        }
        return partitions;
    }

    ProducerLoad orders() {
        return orders;
    }

    /** All orders, read twice to the end. */
    List<PartitionReading> readOrders() {
        List<TopicPartition> all = partitions(ORDERS, ORDER_PARTITIONS);
        List<PartitionReading> readings =
                new ArrayList<>(FinalReader.read(bootstrap, "final", all));
        readings.addAll(FinalReader.read(bootstrap, "second", all));
        return readings;
    }

    /**
     * Waits until the tellers have carried out all orders, which come no more.
     *
     * @return empty, or what is left of them after the limit
     */
    String awaitCarriedOut(TopicProbe topics, Duration limit) throws InterruptedException {
        return topics.awaitCommitted(TellerLoad.GROUP, partitions(ORDERS, ORDER_PARTITIONS), limit);
    }

    /** Ends tellers and auditor, which have caught up, and checks all transfers. */
    List<Violation> finish(Map<String, String> counts) throws InterruptedException {
        long errors = 0;
        for (TellerLoad teller : tellers) {
            teller.finish();
            errors += teller.errors();
        }
        List<TransferLeg> live = audit.finish();
        List<TopicPartition> accounts = partitions(ACCOUNTS, ACCOUNT_PARTITIONS);
        List<List<TransferLeg>> whole =
                List.of(
                        FinalReader.readTransfers(bootstrap, "bank-final", accounts),
                        FinalReader.readTransfers(bootstrap, "bank-second", accounts));
        Set<Long> ordered = new HashSet<>();
        FinalReader.readAll(
                TransferAudit.configs(bootstrap, "orders"),
                partitions(ORDERS, ORDER_PARTITIONS),
                record -> ordered.add(ByteBuffer.wrap(record.value()).getLong()));
        List<Violation> found = new ArrayList<>(audit.violations());
        found.addAll(TransferChecker.check(journal, ordered, whole, List.of(live)));
        put(counts, "orders", ordered.size());
        put(counts, "transactions confirmed", journal.count(Outcome.COMMITTED));
        put(counts, "transactions unknown", journal.count(Outcome.UNKNOWN));
        put(counts, "transactions not committed", journal.count(Outcome.NOT_COMMITTED));
        put(counts, "transfers read at the end", whole.getFirst().size() / 2);
        put(counts, "snapshots that add up", audit.snapshots());
        put(counts, "errors that tellers saw", errors);
        put(counts, "errors that the auditor saw", audit.errors());
        return found;
    }

    private static void put(Map<String, String> counts, String name, long value) {
        counts.put(name, String.format(Locale.ROOT, "%,d", value));
    }
}
