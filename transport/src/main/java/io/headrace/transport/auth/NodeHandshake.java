package io.headrace.transport.auth;

import io.headrace.protocol.message.AuthenticateNodeRequestData;
import io.headrace.protocol.message.AuthenticateNodeResponseData;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** The accepting end of the AuthenticateNode exchange on one connection. Confined to its loop. */
public final class NodeHandshake {
    private final ClusterSecret secret;
    private byte @Nullable [] clientNonce;
    private byte @Nullable [] serverNonce;
    private @Nullable Peer peer;

    /** A node that proved itself. */
    public record Peer(int nodeId, String role) {}

    public NodeHandshake(ClusterSecret secret) {
        this.secret = secret;
    }

    /** Who is at the other end, or null while nothing is proved. */
    public @Nullable Peer peer() {
        return peer;
    }

    /** Answers one round. A wrong proof starts the exchange anew. */
    public AuthenticateNodeResponseData onRequest(AuthenticateNodeRequestData request) {
        AuthenticateNodeResponseData response =
                new AuthenticateNodeResponseData().setNonce(new byte[0]).setProof(new byte[0]);
        byte[] theirs = clientNonce;
        byte[] ours = serverNonce;
        if (request.nonce().length == ClusterSecret.NONCE_BYTES) {
            theirs = request.nonce();
            ours = ClusterSecret.nonce();
            clientNonce = theirs;
            serverNonce = ours;
            return response.setNonce(ours).setProof(secret.proof("server", theirs, ours));
        }
        clientNonce = null;
        serverNonce = null;
        if (theirs == null
                || ours == null
                || !ClusterSecret.same(secret.proof("client", ours, theirs), request.proof())) {
            return response.setErrorCode(Errors.CLUSTER_AUTHORIZATION_FAILED.code())
                    .setErrorMessage("The proof does not fit the cluster secret of this node");
        }
        peer = new Peer(request.nodeId(), request.role());
        return response;
    }
}
