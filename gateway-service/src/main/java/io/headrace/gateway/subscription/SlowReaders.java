package io.headrace.gateway.subscription;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;

/** Tells of readers that were cut off because they took nothing for long. */
public class SlowReaders {
    private static final Logger LOG = LoggerFactory.getLogger(SlowReaders.class);

    private final Counter cutOff;

    public SlowReaders(MeterRegistry meters) {
        this.cutOff =
                Counter.builder("headrace.gateway.readers.cut.off")
                        .description("Readers cut off because they took nothing for too long")
                        .register(meters);
    }

    void onCutOff(String kind, Duration silence) {
        cutOff.increment();
        LOG.info("{} took nothing for {} and is cut off", kind, silence);
    }

    /** How many there were. */
    public long count() {
        return (long) cutOff.count();
    }
}
