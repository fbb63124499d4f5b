package io.headrace.transport.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What all nodes of a cluster know and nobody else; proves membership by HMAC-SHA256. */
public final class ClusterSecret {
    static final int NONCE_BYTES = 16;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final byte[] key;

    private ClusterSecret(byte[] key) {
        this.key = key;
    }

    /**
     * A secret from its text form.
     *
     * @throws IllegalArgumentException if it has fewer than 16 characters
     */
    public static ClusterSecret of(String secret) {
        if (secret.length() < 16) {
            throw new IllegalArgumentException(
                    "The cluster secret must have at least 16 characters");
        }
        return new ClusterSecret(secret.getBytes(StandardCharsets.UTF_8));
    }

    /** The text form of a new random secret. */
    public static String random() {
        byte[] bytes = new byte[32];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /**
     * A name that all nodes with this secret agree on and that tells nothing of it: keeps clusters
     * apart that share machines and ports.
     */
    public String clusterName() {
        byte[] proof = proof("membership", new byte[0], new byte[0]);
        return "headrace-" + HexFormat.of().formatHex(proof, 0, 8);
    }

    static byte[] nonce() {
        byte[] nonce = new byte[NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        return nonce;
    }

    byte[] proof(String end, byte[] first, byte[] second) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update(end.getBytes(StandardCharsets.US_ASCII));
            mac.update(first);
            return mac.doFinal(second);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This JVM has no HmacSHA256", e);
        }
    }

    static boolean same(byte[] one, byte[] other) {
        return MessageDigest.isEqual(one, other);
    }

    @Override
    public String toString() {
        return "ClusterSecret[hidden]";
    }
}
