package io.headrace.protocol.codec;

import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.utils.ImplicitLinkedHashCollection;

import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.HashSet;
import java.util.Set;

/**
 * Which messages decode a list into Kafka's hash collection. It takes equal keys, and keys of equal
 * hash, one by one past all those before: the time of a hostile list grows with the square of its
 * length.
 */
final class HashedLists {
    private static final ClassValue<Boolean> FOUND =
            new ClassValue<>() {
                @Override
                protected Boolean computeValue(Class<?> type) {
                    return search(type, new HashSet<>());
                }
            };

    private HashedLists() {}

    /** Whether the message, or anything in it, has such a list. */
    static boolean in(Class<? extends Message> type) {
        return FOUND.get(type);
    }

    private static boolean search(Type type, Set<Type> seen) {
        if (type instanceof ParameterizedType list) {
            return search(list.getActualTypeArguments()[0], seen);
        }
        if (!(type instanceof Class<?> known) || !seen.add(type)) {
            return false;
        }
        if (ImplicitLinkedHashCollection.class.isAssignableFrom(known)) {
            return true;
        }
        if (Message.class.isAssignableFrom(known)) {
            for (Field field : known.getDeclaredFields()) {
                if (search(field.getGenericType(), seen)) {
                    return true;
                }
            }
        }
        return false;
    }
}
