package io.headrace.transport.auth;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.message.AuthenticateNodeRequestData;
import io.headrace.protocol.message.AuthenticateNodeResponseData;
import io.headrace.transport.channel.ClientChannel;

import org.apache.kafka.common.protocol.Errors;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** The connecting end of the AuthenticateNode exchange. */
public final class NodeAuthenticator {
    private static final ApiSchema API = ApiCatalog.get(ApiCatalog.AUTHENTICATE_NODE);

    private final ClusterSecret secret;
    private final int nodeId;
    private final String role;

    public NodeAuthenticator(ClusterSecret secret, int nodeId, String role) {
        this.secret = secret;
        this.nodeId = nodeId;
        this.role = role;
    }

    /**
     * Proves this node to the other end, and checks the other end's proof.
     *
     * @return the channel, or a failure with an {@link IOException} if either end has another
     *     secret
     */
    public CompletableFuture<ClientChannel> authenticate(ClientChannel channel) {
        byte[] ours = ClusterSecret.nonce();
        return round(channel, ours, new byte[0])
                .thenCompose(
                        answer -> {
                            byte[] theirs = answer.nonce();
                            byte[] expected = secret.proof("server", ours, theirs);
                            if (!ClusterSecret.same(expected, answer.proof())) {
                                return CompletableFuture.failedFuture(
                                        new IOException(
                                                "The node at "
                                                        + channel.address()
                                                        + " has another cluster secret"));
                            }
                            byte[] proof = secret.proof("client", theirs, ours);
                            return round(channel, new byte[0], proof);
                        })
                .thenApply(done -> channel);
    }

    private CompletableFuture<AuthenticateNodeResponseData> round(
            ClientChannel channel, byte[] nonce, byte[] proof) {
        AuthenticateNodeRequestData request =
                new AuthenticateNodeRequestData()
                        .setNodeId(nodeId)
                        .setRole(role)
                        .setNonce(nonce)
                        .setProof(proof);
        return channel.call(API, (short) 0, request, AuthenticateNodeResponseData.class)
                .thenCompose(
                        answer ->
                                answer.errorCode() == Errors.NONE.code()
                                        ? CompletableFuture.completedFuture(answer)
                                        : CompletableFuture.failedFuture(
                                                new IOException(
                                                        "Refused by "
                                                                + channel.address()
                                                                + ": "
                                                                + answer.errorMessage())));
    }
}
