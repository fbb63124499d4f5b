package io.headrace.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.protocol.codec.ResponseReader;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;

/** Every request and response of every API, at every version, empty and filled, there and back. */
class CodecRoundTripTest {
    private static final int CORRELATION_ID = 77;

    private final SampleMessages samples = new SampleMessages("orders", new Uuid(3, 4));

    @Test
    void everyResponseIsReadAsItWasWritten() throws MalformedFrameException {
        int count = 0;
        for (ApiSchema api : ApiCatalog.all()) {
            for (short v = api.oldestVersion(); v <= api.latestVersion(); v++) {
                ApiMessage filled = samples.filled(api.newResponse().get(), v);
                int empty = roundTripOfResponse(api, v, api.newResponse().get());
                assertThat(roundTripOfResponse(api, v, filled))
                        .as("%s %d", api.name(), v)
                        .isGreaterThanOrEqualTo(empty);
                count += 2;
            }
        }
        assertThat(count).isGreaterThan(600);
    }

    @Test
    void everyRequestIsReadAsItWasWritten() throws MalformedFrameException {
        int count = 0;
        for (ApiSchema api : ApiCatalog.all()) {
            for (short v = api.oldestVersion(); v <= api.latestVersion(); v++) {
                roundTripOfRequest(api, v, api.newRequest().get());
                roundTripOfRequest(api, v, samples.filled(api.newRequest().get(), v));
                count += 2;
            }
        }
        assertThat(count).isGreaterThan(600);
    }

    private static int roundTripOfResponse(ApiSchema api, short version, ApiMessage message)
            throws MalformedFrameException {
        ByteBuffer written = join(MessageWriter.response(api, version, CORRELATION_ID, message));
        assertThat(ResponseReader.correlationId(written)).isEqualTo(CORRELATION_ID);
        ByteBuffer frame = written.duplicate();
        ApiMessage read = ResponseReader.read(api, version, frame);
        assertThat(frame.remaining()).as("%s %d", api.name(), version).isZero();
        ByteBuffer again = join(MessageWriter.response(api, version, CORRELATION_ID, read));
        assertThat(again).as("%s %d: %s", api.name(), version, message).isEqualTo(written);
        return written.remaining();
    }

    private static void roundTripOfRequest(ApiSchema api, short version, ApiMessage message)
            throws MalformedFrameException {
        ByteBuffer written =
                join(MessageWriter.request(api, version, CORRELATION_ID, "me", message));
        ByteBuffer frame = written.duplicate();
        RequestHead head = RequestHead.read(frame);
        assertThat(head.api()).isSameAs(api);
        assertThat(head.apiVersion()).isEqualTo(version);
        assertThat(head.correlationId()).isEqualTo(CORRELATION_ID);
        assertThat(head.clientId()).isEqualTo("me");
        ApiMessage read = head.readBody(frame);
        ByteBuffer again = join(MessageWriter.request(api, version, CORRELATION_ID, "me", read));
        assertThat(again).as("%s %d: %s", api.name(), version, message).isEqualTo(written);
    }

    private static ByteBuffer join(OutboundFrame frame) {
        ByteBuffer bytes = ByteBuffer.allocate(frame.sizeInBytes());
        for (OutboundFrame.Part part : frame.parts()) {
            bytes.put(((OutboundFrame.Bytes) part).buffer().duplicate());
        }
        assertThat(bytes.hasRemaining()).isFalse();
        return bytes.flip();
    }
}
