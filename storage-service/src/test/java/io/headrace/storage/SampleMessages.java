package io.headrace.storage;

import io.headrace.protocol.batch.CompressionCodec;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.RecordsField;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Message;

import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Messages with every field that a version can carry filled, and one element in every list. */
final class SampleMessages {
    private final String topic;
    private final Uuid topicId;

    /** Messages whose strings are that topic's name, and whose ids are its id. */
    SampleMessages(String topic, Uuid topicId) {
        this.topic = topic;
        this.topicId = topicId;
    }

    /** The message, filled; each field is tried by writing the whole message. */
    ApiMessage filled(ApiMessage message, short version) {
        fill(message, message, version);
        return message;
    }

    private void fill(ApiMessage root, Object struct, short version) {
        for (Method setter : struct.getClass().getMethods()) {
            String name = setter.getName();
            boolean links = name.equals("setPrev") || name.equals("setNext"); // of collections
            if (!name.startsWith("set") || links || setter.getParameterCount() != 1) {
                continue;
            }
            try {
                Method getter = struct.getClass().getMethod(lowerFirst(name.substring(3)));
                Object before = getter.invoke(struct);
                Object value = value(getter, before);
                if (value == null) {
                    continue;
                }
                Object element = null;
                if (value instanceof Collection<?> list && list.isEmpty()) {
                    element = addElement(getter.getGenericReturnType(), value);
                }
                setter.invoke(struct, value);
                if (!isWritable(root, version)) {
                    setter.invoke(struct, before);
                } else if (element instanceof Message nested) {
                    fill(root, nested, version);
                } else if (value instanceof Message nested) {
                    fill(root, nested, version);
                }
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("Cannot fill " + setter, e);
            }
        }
    }

    private static boolean isWritable(ApiMessage root, short version) {
        try {
            MessageWriter.bytes(root, version);
            return true;
        } catch (RuntimeException notInThisVersion) {
            return false;
        }
    }

    private Object value(Method getter, Object before) throws ReflectiveOperationException {
        String name = getter.getName();
        Class<?> type = getter.getReturnType();
        if (type == String.class) {
            return topic;
        } else if (type == Uuid.class) {
            return topicId;
        } else if (type == boolean.class) {
            return true;
        } else if (type == byte.class) {
            return (byte) 1;
        } else if (type == short.class || type == int.class || type == long.class) {
            return number(type, numberOf(name));
        } else if (type == double.class) {
            return 1.0;
        } else if (type == byte[].class) {
            return new byte[] {1, 2, 3};
        } else if (type == ByteBuffer.class) {
            return ByteBuffer.wrap(new byte[] {1, 2, 3});
        } else if (type.getSimpleName().equals("BaseRecords")) {
            return RecordsField.of(FuzzFrames.batch(CompressionCodec.NONE, 2));
        } else if (type == List.class) {
            return new ArrayList<>();
        } else if (Collection.class.isAssignableFrom(type)
                || Message.class.isAssignableFrom(type)) {
            return type.getConstructor().newInstance();
        }
        return before;
    }

    private static long numberOf(String name) {
        return switch (name) {
            case "replicaId", "acks", "timestamp", "expectedEndOffset" -> -1;
            case "maxBytes", "partitionMaxBytes", "timeoutMs" -> 1 << 20;
            case "minBytes" -> 1;
            default -> 0;
        };
    }

    private static Object number(Class<?> type, long value) {
        if (type == short.class) {
            return (short) value;
        }
        return type == int.class ? (Object) (int) value : (Object) value;
    }

    @SuppressWarnings("unchecked") // The collection's element type is read from the getter.
    private Object addElement(Type listType, Object list) throws ReflectiveOperationException {
        Type elementType =
                listType instanceof ParameterizedType parameterized
                        ? parameterized.getActualTypeArguments()[0]
                        : ((ParameterizedType) ((Class<?>) listType).getGenericSuperclass())
                                .getActualTypeArguments()[0];
        Class<?> type = (Class<?>) elementType;
        Object element;
        if (type == String.class) {
            element = topic;
        } else if (type == Uuid.class) {
            element = topicId;
        } else if (type == Integer.class) {
            element = 0;
        } else if (type == Short.class) {
            element = (short) 0;
        } else if (type == Long.class) {
            element = 0L;
        } else if (type == Byte.class) {
            element = (byte) 0;
        } else {
            element = type.getConstructor().newInstance();
        }
        ((Collection<Object>) list).add(element);
        return element;
    }

    private static String lowerFirst(String name) {
        return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }
}
