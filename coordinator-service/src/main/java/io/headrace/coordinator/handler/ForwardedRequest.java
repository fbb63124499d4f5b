package io.headrace.coordinator.handler;

import io.headrace.protocol.codec.RequestHead;

import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.security.auth.KafkaPrincipal;

import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A client's request as it came to the coordinator. Its body shares no memory with the network: it
 * may be kept.
 */
public final class ForwardedRequest {
    private final RequestHead head;
    private final ApiMessage body;
    private final KafkaPrincipal principal;
    private final InetAddress clientAddress;
    private final long linkId;
    private final Consumer<ApiMessage> onReply;
    private final Consumer<Errors> onRefuse;
    private final AtomicBoolean answered = new AtomicBoolean();

    /**
     * @param head the client's own header: API, version, client id
     * @param body the decoded request, of the API's message class
     * @param principal who the client is, as the storage node authenticated it
     * @param linkId the connection that the request came over, unique in this process; when it
     *     closes, answers to it lead nowhere
     * @param onReply takes the response, of the API's message class
     */
    public ForwardedRequest(
            RequestHead head,
            ApiMessage body,
            KafkaPrincipal principal,
            InetAddress clientAddress,
            long linkId,
            Consumer<ApiMessage> onReply) {
        this(
                head,
                body,
                principal,
                clientAddress,
                linkId,
                onReply,
                error -> {
                    throw new IllegalStateException("Refused: " + error);
                });
    }

    /**
     * @param onRefuse takes the error that tells the forwarding node to ask another coordinator
     */
    public ForwardedRequest(
            RequestHead head,
            ApiMessage body,
            KafkaPrincipal principal,
            InetAddress clientAddress,
            long linkId,
            Consumer<ApiMessage> onReply,
            Consumer<Errors> onRefuse) {
        this.head = head;
        this.body = body;
        this.principal = principal;
        this.clientAddress = clientAddress;
        this.linkId = linkId;
        this.onReply = onReply;
        this.onRefuse = onRefuse;
    }

    public RequestHead head() {
        return head;
    }

    public short apiVersion() {
        return head.apiVersion();
    }

    public String clientId() {
        return head.clientId();
    }

    public ApiMessage body() {
        return body;
    }

    /** The body as the API's own class. */
    public <T extends ApiMessage> T body(Class<T> type) {
        return type.cast(body);
    }

    public KafkaPrincipal principal() {
        return principal;
    }

    public InetAddress clientAddress() {
        return clientAddress;
    }

    public long linkId() {
        return linkId;
    }

    /**
     * Answers the client. From any thread, exactly once.
     *
     * @throws IllegalStateException if the request was answered already
     */
    public void reply(ApiMessage response) {
        if (!answered.compareAndSet(false, true)) {
            throw new IllegalStateException(head.api().name() + " was answered twice");
        }
        onReply.accept(response);
    }

    /**
     * Tells the forwarding node that this coordinator did nothing and another may: the client sees
     * nothing of it unless none takes the request in time. From any thread, instead of a reply.
     *
     * @param error {@code NOT_CONTROLLER} or {@code NOT_COORDINATOR}
     */
    public void refuse(Errors error) {
        if (!answered.compareAndSet(false, true)) {
            throw new IllegalStateException(head.api().name() + " was answered twice");
        }
        onRefuse.accept(error);
    }
}
