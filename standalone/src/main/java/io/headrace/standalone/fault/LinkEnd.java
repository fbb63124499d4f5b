package io.headrace.standalone.fault;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One end of the cable between a node and the bridge, and what befalls packets there: some of those
 * that arrive are lost, all that leave wait. Needs nothing but {@code tc} of iproute2 and, of the
 * kernel, {@code clsact} and {@code cls_bpf} for loss, {@code netem} or {@code htb} for waiting.
 *
 * <p>Packets are lost where they arrive, since a sender would notice that its own queue dropped
 * them, and send them again at once.
 */
final class LinkEnd {
    private static final Pattern STATISTICS =
            Pattern.compile("qdisc (\\w+).*\\R\\s*Sent \\d+ bytes (\\d+) pkt \\(dropped (\\d+)");
    private static final long RANDOM_RANGE = 1L << 32;
    private static final int BYTES_PER_MS = 12_500;

    /** More is not counted for one packet. */
    private static final int MOST_OVERHEAD_BYTES = 65_535;

    private static final int QUEUE_PACKETS = 100;

    /** A way to let packets wait. */
    enum Delay {
        /** Each is late by so much, and by up to a quarter more or less. */
        NETEM(10, 100),
        /**
         * One leaves each so many milliseconds, of a queue of {@value #QUEUE_PACKETS}: for kernels
         * without netem.
         */
        HTB(1, MOST_OVERHEAD_BYTES / BYTES_PER_MS);

        private final int leastMs;
        private final int mostMs;

        Delay(int leastMs, int mostMs) {
            this.leastMs = leastMs;
            this.mostMs = mostMs;
        }

        int leastMs() {
            return leastMs;
        }

        int mostMs() {
            return mostMs;
        }
    }

    /**
     * What befell packets until now.
     *
     * @param judged packets of which some were to be lost
     * @param lost those that were
     * @param delayed packets that left late
     * @param overflowed packets for which the queue had no room
     */
    record Tally(long judged, long lost, long delayed, long overflowed) {
        static final Tally NONE = new Tally(0, 0, 0, 0);

        Tally and(Tally other) {
            return new Tally(
                    judged + other.judged,
                    lost + other.lost,
                    delayed + other.delayed,
                    overflowed + other.overflowed);
        }
    }

    private final List<String> tc;
    private final String device;

    /**
     * @param tc the command that speaks to the network which the device is in
     */
    LinkEnd(List<String> tc, String device) {
        this.tc = List.copyOf(tc);
        this.device = device;
    }

    /**
     * Loses that share of the IP packets that arrive here, each by its own chance: a program for
     * the kernel's classic filter draws a number for each (SKF_AD_RANDOM in linux/filter.h).
     */
    void loseArriving(double share) throws IOException, InterruptedException {
        String program = dropping(share);
        run("qdisc add dev " + device + " clsact");
        List<String> filter =
                new ArrayList<>(words("filter add dev " + device + " ingress protocol ip"));
        filter.addAll(List.of("bpf", "direct-action", "bytecode", program));
        run(filter);
    }

    /** Loads a random number; where it is above the bound the packet goes on, else it is lost. */
    private static String dropping(double share) {
        if (share <= 0 || share >= 1) {
            throw new IllegalArgumentException("A share between 0 and 1, not " + share);
        }
        long bound = (long) (share * RANDOM_RANGE) - 1;
        return String.format(
                Locale.ROOT,
                "4,32 0 0 4294963256,37 1 0 %d,6 0 0 2,6 0 0 4294967295",
                Math.max(0, bound));
    }

    /** Lets what leaves here wait. */
    void delayLeaving(Delay how, int ms) throws IOException, InterruptedException {
        if (ms < 1 || ms > how.mostMs()) {
            throw new IllegalArgumentException("From 1 to " + how.mostMs() + " ms, not " + ms);
        }
        switch (how) {
            case NETEM ->
                    run(
                            "qdisc add dev %s root netem limit 10000 delay %dms %dms"
                                    .formatted(device, ms, Math.max(1, ms / 4)));
            case HTB -> {
                run("qdisc add dev " + device + " root handle 1: htb default 1");
                run(
                        ("class add dev %s parent 1: classid 1:1 htb rate 100mbit overhead %d"
                                        + " burst 1600 cburst 1600 quantum 1514")
                                .formatted(device, ms * BYTES_PER_MS));
                run("qdisc add dev %s parent 1:1 pfifo limit %d".formatted(device, QUEUE_PACKETS));
            }
        }
    }

    /** Lets everything through again at once; nothing may have befallen this end. */
    Tally heal() throws IOException, InterruptedException {
        String said = read("-s qdisc show dev " + device);
        Tally tally = tally(said);
        if (said.contains("qdisc clsact")) {
            run("qdisc del dev " + device + " clsact");
        }
        if (said.contains("qdisc netem") || said.contains("qdisc htb")) {
            run("qdisc del dev " + device + " root");
        }
        return tally;
    }

    static Tally tally(String statistics) {
        Tally tally = Tally.NONE;
        Matcher matcher = STATISTICS.matcher(statistics);
        while (matcher.find()) {
            long packets = Long.parseLong(matcher.group(2));
            long dropped = Long.parseLong(matcher.group(3));
            tally =
                    tally.and(
                            switch (matcher.group(1)) {
                                case "clsact" -> new Tally(packets, dropped, 0, 0);
                                case "netem", "htb" -> new Tally(0, 0, packets, dropped);
                                default -> Tally.NONE;
                            });
        }
        return tally;
    }

    private static List<String> words(String text) {
        return List.of(text.split(" ", -1));
    }

    private void run(String arguments) throws IOException, InterruptedException {
        run(words(arguments));
    }

    private void run(List<String> arguments) throws IOException, InterruptedException {
        Commands.run(command(arguments));
    }

    private String read(String arguments) throws IOException, InterruptedException {
        return Commands.read(command(words(arguments)));
    }

    private String[] command(List<String> arguments) {
        List<String> command = new ArrayList<>(tc);
        command.addAll(arguments);
        return command.toArray(String[]::new);
    }
}
