package io.headrace.protocol.codec;

import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListGroupsResponseData.ListedGroup;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A page of all groups, in the order of their ids: what a ListGroups asks for in private fields.
 * Servers that do not know these skip them (KIP-482) and answer with all groups and no total.
 *
 * @param contains only ids that contain this
 * @param after only ids after this one
 * @param limit at most so many groups; at least one
 */
public record ListGroupsPage(String contains, String after, int limit) {
    private static final int LIMIT_TAG = 10_000;
    private static final int AFTER_TAG = 10_001;
    private static final int CONTAINS_TAG = 10_002;

    /** In the response: how many groups there are whose ids contain what was asked for. */
    private static final int TOTAL_TAG = 10_000;

    private static final int NO_TOTAL = -1;

    public ListGroupsPage {
        if (limit < 1) {
            throw new IllegalArgumentException("A page of " + limit + " groups");
        }
    }

    /** The request for this page; for versions with tagged fields, from 3 on. */
    public ListGroupsRequestData toRequest() {
        ListGroupsRequestData request = new ListGroupsRequestData();
        PrivateFields.addInt(request, LIMIT_TAG, limit);
        addText(request, AFTER_TAG, after);
        addText(request, CONTAINS_TAG, contains);
        return request;
    }

    /** The page that a request asks for, or null when it asks for all groups. */
    public static @Nullable ListGroupsPage of(ListGroupsRequestData request) {
        int limit = PrivateFields.getInt(request, LIMIT_TAG, 0);
        return limit < 1
                ? null
                : new ListGroupsPage(text(request, CONTAINS_TAG), text(request, AFTER_TAG), limit);
    }

    /** Cuts a response that has all groups down to this page, and says how many there are. */
    public void cut(ListGroupsResponseData all) {
        List<ListedGroup> matching = new ArrayList<>(all.groups());
        matching.removeIf(group -> !group.groupId().contains(contains));
        int total = matching.size();
        matching.removeIf(group -> group.groupId().compareTo(after) <= 0);
        all.setGroups(firstOf(matching));
        setTotal(all, total);
    }

    /** Makes one response of several that are cut; a group that is in two of them is in it once. */
    public ListGroupsResponseData merge(List<ListGroupsResponseData> parts) {
        Map<String, ListedGroup> groups = new HashMap<>();
        int total = 0;
        for (ListGroupsResponseData part : parts) {
            part.groups().forEach(group -> groups.put(group.groupId(), group));
            total += Math.max(0, total(part));
        }
        ListGroupsResponseData whole =
                new ListGroupsResponseData().setGroups(firstOf(new ArrayList<>(groups.values())));
        setTotal(whole, total);
        return whole;
    }

    /** How many groups match, or -1 when the server knows no pages. */
    public static int total(ListGroupsResponseData response) {
        return PrivateFields.getInt(response, TOTAL_TAG, NO_TOTAL);
    }

    private List<ListedGroup> firstOf(List<ListedGroup> groups) {
        groups.sort(Comparator.comparing(ListedGroup::groupId));
        return groups.size() <= limit ? groups : new ArrayList<>(groups.subList(0, limit));
    }

    private static void setTotal(ListGroupsResponseData response, int total) {
        PrivateFields.addInt(response, TOTAL_TAG, total);
    }

    private static void addText(Message message, int tag, String text) {
        message.unknownTaggedFields()
                .add(new RawTaggedField(tag, text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String text(Message message, int tag) {
        for (RawTaggedField field : message.unknownTaggedFields()) {
            if (field.tag() == tag) {
                return new String(field.data(), StandardCharsets.UTF_8);
            }
        }
        return "";
    }
}
