package io.headrace.standalone.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.codec.ResponseReader;
import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.tool.ExternalTool;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.DataInputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the kernel is asked for, seen by strace: an answer to acks=all is written after the device
 * has the record, and records go from the file to the socket without passing through the process.
 */
@Timeout(120)
class SystemCallsIT {
    private static final String TOPIC = "traced";
    private static final int ROUNDS = 10;
    private static final int VALUE_BYTES = 10_000; // records of a few bytes are copied

    /** A call that begins; it may end on the same line. */
    private static final Pattern BEGIN = Pattern.compile("^(\\d+) +(\\w+)\\((.*)$");

    /** Where the records of a small round go, to be durable by one write. */
    private static final Pattern JOURNAL = Pattern.compile("/promised-records\\.[01]>$");

    private static final Pattern END = Pattern.compile("^(\\d+) +<\\.\\.\\. (\\w+) resumed>.*$");

    @TempDir private Path folder;

    @Test
    void anAnswerFollowsTheFlushAndAFetchUsesSendfile() throws Exception {
        Path strace = ExternalTool.STRACE.assumeOrRequire();
        Path trace = folder.resolve("trace");
        ChildProcess.Builder traced =
                RunningPlatform.java(List.of())
                        .under(
                                strace.toString(),
                                "-f",
                                "-qq",
                                "-yy",
                                "--seccomp-bpf",
                                "-s",
                                "0",
                                "-e",
                                "trace=fsync,fdatasync,syncfs,sendfile,write,writev,pwrite64,pwritev,"
                                    + "sendto,sendmsg",
                                "-o",
                                trace.toString());
        int clientPort;
        try (RunningPlatform platform = RunningPlatform.start(traced, folder.resolve("data"))) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", platform.kafkaAddress()))) {
                admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
            }
            String[] address = platform.kafkaAddress().split(":", 2);
            try (Socket client = new Socket(address[0], Integer.parseInt(address[1]))) {
                clientPort = client.getLocalPort();
                for (int i = 0; i < ROUNDS; i++) {
                    produce(client, i);
                }
                fetch(client);
            }
        }
        check(Files.readAllLines(trace, StandardCharsets.ISO_8859_1), clientPort);
    }

    /** Walks through the calls in order; what the client is sent must come after a flush. */
    private static void check(List<String> lines, int clientPort) {
        String log = TOPIC + "-0/00000000000000000000.log>";
        String toClient = ":" + clientPort + "]>";
        Map<String, Boolean> flushing = new HashMap<>();
        boolean written = false;
        boolean journaled = false;
        boolean flushed = false;
        int answers = 0;
        int sendfiles = 0;
        for (String line : lines) {
            Matcher begin = BEGIN.matcher(line);
            Matcher end = END.matcher(line);
            if (begin.matches()) {
                String call = begin.group(2);
                String rest = begin.group(3);
                String target = rest.split("[,)]| <unfinished", 2)[0];
                if (call.endsWith("sync") || call.equals("syncfs")) {
                    // Counts only when it begins after what it flushes was written.
                    boolean ofLog = call.equals("syncfs") || target.endsWith(log);
                    boolean ofJournal = JOURNAL.matcher(target).find();
                    boolean counts = (written && ofLog) || (journaled && ofJournal);
                    if (rest.endsWith("<unfinished ...>")) {
                        flushing.put(begin.group(1), counts);
                    } else {
                        flushed |= counts;
                    }
                } else if (target.endsWith(log)) {
                    written = true;
                    journaled = false;
                    flushed = false;
                } else if (written && JOURNAL.matcher(target).find()) {
                    journaled = true;
                } else if (target.endsWith(toClient) && written) {
                    assertThat(flushed).as("flushed before answer %d: %s", answers, line).isTrue();
                    answers++;
                    written = false;
                } else if (call.equals("sendfile") && target.endsWith(toClient)) {
                    assertThat(rest).contains(log);
                    sendfiles++;
                }
            } else if (end.matches() && end.group(2).contains("sync")) {
                flushed |= flushing.getOrDefault(end.group(1), false);
            }
        }
        assertThat(answers).isEqualTo(ROUNDS);
        assertThat(sendfiles).isPositive();
    }

    private static void produce(Socket client, int round) throws Exception {
        ByteBuffer batch =
                BatchBuilder.growing()
                        .append(
                                System.currentTimeMillis(),
                                (byte[]) null,
                                new byte[VALUE_BYTES],
                                List.of())
                        .build();
        ProduceRequestData request =
                new ProduceRequestData().setAcks((short) -1).setTimeoutMs(10_000);
        request.topicData()
                .add(
                        new ProduceRequestData.TopicProduceData()
                                .setName(TOPIC)
                                .setPartitionData(
                                        List.of(
                                                new ProduceRequestData.PartitionProduceData()
                                                        .setIndex(0)
                                                        .setRecords(RecordsField.of(batch)))));
        ProduceResponseData answer =
                (ProduceResponseData) call(client, ApiKeys.PRODUCE, (short) 9, request);
        var partition = answer.responses().iterator().next().partitionResponses().getFirst();
        assertThat(partition.errorCode()).isZero();
        assertThat(partition.baseOffset()).isEqualTo(round);
    }

    private static void fetch(Socket client) throws Exception {
        FetchRequestData request =
                new FetchRequestData()
                        .setReplicaId(-1)
                        .setMaxWaitMs(1000)
                        .setMinBytes(1)
                        .setMaxBytes(1 << 20)
                        .setTopics(
                                List.of(
                                        new FetchRequestData.FetchTopic()
                                                .setTopic(TOPIC)
                                                .setPartitions(
                                                        List.of(
                                                                new FetchRequestData
                                                                                .FetchPartition()
                                                                        .setPartition(0)
                                                                        .setPartitionMaxBytes(
                                                                                1 << 20)))));
        FetchResponseData answer =
                (FetchResponseData) call(client, ApiKeys.FETCH, (short) 12, request);
        var partition = answer.responses().getFirst().partitions().getFirst();
        assertThat(partition.errorCode()).isZero();
        assertThat(partition.highWatermark()).isEqualTo(ROUNDS);
        assertThat(partition.records().sizeInBytes()).isPositive();
    }

    private static ApiMessage call(Socket socket, ApiKeys key, short version, ApiMessage request)
            throws Exception {
        ApiSchema api = ApiCatalog.get(key);
        OutboundFrame frame = MessageWriter.request(api, version, 1, "traced", request);
        ByteBuffer bytes = ByteBuffer.allocate(4 + frame.sizeInBytes()).putInt(frame.sizeInBytes());
        for (OutboundFrame.Part part : frame.parts()) {
            bytes.put(((OutboundFrame.Bytes) part).buffer());
        }
        socket.getOutputStream().write(bytes.array());
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] answer = in.readNBytes(in.readInt());
        return ResponseReader.read(api, version, ByteBuffer.wrap(answer));
    }
}
