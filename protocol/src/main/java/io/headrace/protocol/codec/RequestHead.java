package io.headrace.protocol.codec;

import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

import java.nio.ByteBuffer;

/**
 * The decoded header of a request.
 *
 * @param api the API, known to the catalogue
 * @param apiVersion the request's version; possibly one that the catalogue cannot decode, see
 *     {@link #versionKnown}
 * @param clientId the client's name for itself, empty when it gave none
 */
public record RequestHead(ApiSchema api, short apiVersion, int correlationId, String clientId) {

    /**
     * Reads the header at the buffer's position and leaves the position at the body.
     *
     * @throws MalformedFrameException if the bytes are no header or name an unknown API
     */
    public static RequestHead read(ByteBuffer frame) throws MalformedFrameException {
        if (frame.remaining() < 8) {
            throw new MalformedFrameException(
                    "A request of " + frame.remaining() + " bytes is too short for its header");
        }
        short apiKey = frame.getShort(frame.position());
        short apiVersion = frame.getShort(frame.position() + 2);
        ApiSchema api = ApiCatalog.find(apiKey);
        if (api == null) {
            throw new MalformedFrameException("Unknown API key " + apiKey);
        }
        // An ApiVersions request of a future version is answered, so its header is read leniently.
        short decodable = api.supports(apiVersion) ? apiVersion : api.latestVersion();
        boolean futureApiVersions = apiKey == ApiKeys.API_VERSIONS.id && decodable != apiVersion;
        short headerVersion = futureApiVersions ? 1 : api.requestHeader().of(decodable);
        try {
            RequestHeaderData data =
                    new RequestHeaderData(
                            BoundedReadable.request(frame, RequestHeaderData.class), headerVersion);
            String clientId = data.clientId() == null ? "" : data.clientId();
            return new RequestHead(api, apiVersion, data.correlationId(), clientId);
        } catch (RuntimeException e) {
            throw new MalformedFrameException("Cannot read the header of " + api.name(), e);
        }
    }

    /** Whether the codec can decode this version of the API. */
    public boolean versionKnown() {
        return api.supports(apiVersion);
    }

    /**
     * Decodes the body that follows the header. Bytes after the body are ignored, as Kafka does:
     * librdkafka's Metadata of all topics has three of them.
     *
     * @throws MalformedFrameException if the body is not a message of this API and version
     */
    public ApiMessage readBody(ByteBuffer body) throws MalformedFrameException {
        ApiMessage message = api.newRequest().get();
        try {
            message.read(BoundedReadable.request(body, message.getClass()), apiVersion);
        } catch (RuntimeException e) {
            throw new MalformedFrameException(
                    "Cannot read " + api.name() + " version " + apiVersion + ": " + e.getMessage(),
                    e);
        }
        return message;
    }
}
