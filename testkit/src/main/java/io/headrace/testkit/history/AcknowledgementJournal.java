package io.headrace.testkit.history;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * An append-only text file of what a producer sent and what was acknowledged, written by a process
 * other than the one that is killed.
 *
 * <p>A line is {@code sent|acknowledged, offset, producer, sequence, partition, topic}, parted by
 * blanks. Thread-safe. Lines reach the operating system at {@link #flush}, which a producer calls
 * after noting what it is about to send; acknowledgements may wait, they only promise more.
 */
public final class AcknowledgementJournal implements AutoCloseable {
    private static final String SENT = "sent";
    private static final String ACKNOWLEDGED = "acknowledged";

    private final BufferedWriter writer;

    private AcknowledgementJournal(BufferedWriter writer) {
        this.writer = writer;
    }

    /** Opens a journal to write at its end. */
    public static AcknowledgementJournal append(Path file) throws IOException {
        return new AcknowledgementJournal(
                Files.newBufferedWriter(
                        file,
                        StandardCharsets.UTF_8,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND));
    }

    /** Notes that a record is about to be sent. */
    public synchronized void sent(SentRecord record) throws IOException {
        write(SENT, -1, record);
    }

    /** Notes that a record was acknowledged. */
    public synchronized void acknowledged(SentRecord record, long offset) throws IOException {
        write(ACKNOWLEDGED, offset, record);
    }

    private void write(String event, long offset, SentRecord record) throws IOException {
        if (record.producer().isEmpty() || record.producer().contains(" ")) {
            throw new IllegalArgumentException("a producer's name has no blank: " + record);
        }
        writer.write(
                event
                        + " "
                        + offset
                        + " "
                        + record.producer()
                        + " "
                        + record.sequence()
                        + " "
                        + record.partition()
                        + " "
                        + record.topic()
                        + "\n");
    }

    /** Hands everything noted so far to the operating system. */
    public synchronized void flush() throws IOException {
        writer.flush();
    }

    @Override
    public synchronized void close() throws IOException {
        writer.close();
    }

    /**
     * What the journal holds, joined with what was read, as a history. A last line without its end
     * (its writer died) does not count.
     */
    public static History read(Path file, List<ReadRecord> read) throws IOException {
        String text = Files.readString(file);
        Set<SentRecord> sent = new HashSet<>();
        List<Acknowledgement> acknowledged = new ArrayList<>();
        text.substring(0, text.lastIndexOf('\n') + 1)
                .lines()
                .forEach(
                        line -> {
                            String[] words = line.split(" ", 6);
                            SentRecord record =
                                    new SentRecord(
                                            words[2],
                                            Long.parseLong(words[3]),
                                            words[5],
                                            Integer.parseInt(words[4]));
                            switch (words[0]) {
                                case SENT -> sent.add(record);
                                case ACKNOWLEDGED ->
                                        acknowledged.add(
                                                new Acknowledgement(
                                                        record, Long.parseLong(words[1])));
                                default ->
                                        throw new IllegalArgumentException(
                                                file + " has no such line: " + line);
                            }
                        });
        return new History(sent, acknowledged, read);
    }
}
