package io.headrace.client.produce.send;

/** A producer id and its epoch, as the cluster knows an idempotent producer (KIP-98). */
record ProducerIdentity(long producerId, short producerEpoch) {
    static final ProducerIdentity NONE = new ProducerIdentity(-1, (short) -1);

    boolean isNone() {
        return producerId < 0;
    }

    /** Whether the epoch can be raised without asking the cluster (KIP-360). */
    boolean canBump() {
        return producerEpoch < Short.MAX_VALUE - 1;
    }

    ProducerIdentity bump() {
        return new ProducerIdentity(producerId, (short) (producerEpoch + 1));
    }
}
