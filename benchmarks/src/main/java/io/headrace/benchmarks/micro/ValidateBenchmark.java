package io.headrace.benchmarks.micro;

import io.headrace.protocol.batch.produce.ProduceRules;
import io.headrace.protocol.batch.produce.ProduceValidator;
import io.headrace.protocol.batch.produce.ProduceVerdict;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/** The judgement of a produced batch: its header, and the CRC of all of it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"})
public class ValidateBenchmark {
    private static final short VERSION = 12;

    /** About the batches of Kafka's Java producer and of librdkafka. */
    @Param({"16384", "1000000"})
    public int sizeInBytes;

    private ByteBuffer batch = ByteBuffer.allocate(0);
    private long nowMs;

    @Setup
    public void build() {
        nowMs = System.currentTimeMillis();
        batch = Batches.ofSize(sizeInBytes, nowMs);
        if (!(validate() instanceof ProduceVerdict.Accepted)) {
            throw new IllegalStateException("The batch is refused: " + validate());
        }
    }

    @Benchmark
    public ProduceVerdict validate() {
        return ProduceValidator.validate(batch, VERSION, ProduceRules.DEFAULT, nowMs);
    }
}
