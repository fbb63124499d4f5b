package io.headrace.protocol.metadata;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;

/**
 * An immutable list of node ids in an array of their own: a cluster has millions of such lists, and
 * boxed ids would be most of an image.
 */
final class NodeIds extends AbstractList<Integer> implements RandomAccess {
    private final int[] ids;

    private NodeIds(int[] ids) {
        this.ids = ids;
    }

    static List<Integer> copyOf(List<Integer> list) {
        if (list.isEmpty()) {
            return List.of();
        }
        int[] ids = new int[list.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = list.get(i);
        }
        return new NodeIds(ids);
    }

    @Override
    public Integer get(int index) {
        return ids[index];
    }

    @Override
    public int size() {
        return ids.length;
    }

    @Override
    public boolean contains(Object object) {
        if (object instanceof Integer wanted) {
            for (int id : ids) {
                if (id == wanted) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public int indexOf(Object object) {
        if (object instanceof Integer wanted) {
            for (int i = 0; i < ids.length; i++) {
                if (ids[i] == wanted) {
                    return i;
                }
            }
        }
        return -1;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NodeIds that ? Arrays.equals(ids, that.ids) : super.equals(other);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }
}
