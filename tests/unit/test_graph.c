#include "definitions/graph.h"

#include <check.h>
#include <string.h>

#include "tests/support/definition_world.h"
#include "tests/support/suite.h"

static char *draw(const char *text, enum graph_form form)
{
    struct definition *d = world_compile(text);
    struct buf out;

    buf_init(&out, 65536);
    graph_write(d, form, &out);
    ck_assert(!out.is_over);
    definition_destroy(d);
    return buf_take(&out, NULL);
}

static char *draw_sample(const char *name, enum graph_form form)
{
    char path[256];
    size_t n;
    char *text;
    char *drawn;

    (void)snprintf(path, sizeof(path), "tests/corpus/samples/%s.json", name);
    text = world_read_file(path, &n);
    drawn = draw(text, form);
    free(text);
    return drawn;
}

#define HAS(text, part) ck_assert_msg(strstr((text), (part)) != NULL, "%s", (text))

START_TEST(test_steps_follow_each_other_from_start_to_end)
{
    char *text = draw_sample("signup", GRAPH_MERMAID);

    ck_assert_int_eq(strncmp(text, "flowchart TD\n", 13), 0);
    HAS(text, "  start --> s1\n");
    HAS(text, "  s1 --> s2\n");
    HAS(text, "  s2 --> done\n");
    HAS(text, "  s1 -.->|\"compensate\"| u1\n");
    HAS(text, "account<br/>POST http://127.0.0.1:9001/accounts");
    free(text);
}
END_TEST

START_TEST(test_branches_stand_between_a_fork_and_a_join)
{
    char *text = draw_sample("book-trip", GRAPH_MERMAID);

    HAS(text, "  f1 --> s2\n");
    HAS(text, "  f1 --> s3\n");
    HAS(text, "  s2 --> j1\n");
    HAS(text, "  s3 --> j1\n");
    HAS(text, "  j1 -->|\"when .input.needsCar\"| s4\n");
    HAS(text, "s6{{\"payment<br/>POST pay /charges<br/>pivot\"}}");
    HAS(text, "  s6 -.->|\"confirm\"| c6\n");
    free(text);
}
END_TEST

START_TEST(test_dot_says_the_same)
{
    char *text = draw_sample("book-trip", GRAPH_DOT);

    ck_assert_int_eq(strncmp(text, "digraph \"book-trip\" {\n", 22), 0);
    HAS(text, "  s6 [shape=hexagon, label=\"payment\\nPOST pay /charges\\npivot\"];\n");
    HAS(text, "  f1 -> s2 [style=solid, label=\"\"];\n");
    ck_assert_str_eq(text + strlen(text) - 2, "}\n");
    free(text);
}
END_TEST

START_TEST(test_texts_cannot_become_syntax)
{
    static const char definition[] =
        "{\"name\":\"x\",\"steps\":[{\"id\":\"a\",\"when\":\"${ .input.a == "
        "\\\"\\\\\\\"]|<b>"
        "\\\" }\",\"call\":{\"service\":\"stock\",\"url\":\"/a\"},\"compensate\":null}]}";
    char *mermaid = draw(definition, GRAPH_MERMAID);
    char *dot = draw(definition, GRAPH_DOT);

    HAS(mermaid,
        "  start -->|\"when .input.a == #34;#92;#34;#93;#124;#60;b#62;#34;\"| s1\n");
    HAS(dot, "  start -> s1 [style=solid, label=\"when .input.a == "
             "\\\"\\\\\\\"]|<b>\\\"\"];\n");
    free(mermaid);
    free(dot);
}
END_TEST

START_TEST(test_each_kind_of_step_says_what_it_is)
{
    static const char definition[] =
        "{\"name\":\"x\",\"steps\":["
        "{\"id\":\"pause\",\"wait\":\"90s\"},"
        "{\"id\":\"date\",\"wait\":{\"until\":\"${ .input.date }\"}},"
        "{\"id\":\"yes\",\"wait\":{\"signal\":\"approved\",\"timeout\":\"2h\"}},"
        "{\"id\":\"maybe\",\"wait\":{\"signal\":\"asked\",\"timeout\":\"1h\","
        "\"onTimeout\":\"continue\"}},"
        "{\"id\":\"check\",\"saga\":{\"definition\":\"kyc\"}},"
        "{\"id\":\"mail\",\"optional\":true,\"forEach\":\"${ .input.people }\","
        "\"call\":{\"service\":\"mail\",\"url\":\"/a\"},\"compensate\":null},"
        "{\"id\":\"print\",\"call\":{\"service\":\"stock\",\"url\":\"/b\",\"callback\":"
        "{\"timeout\":\"1h\"}},\"compensate\":null},"
        "{\"id\":\"both\",\"when\":\"${ .input.both }\",\"steps\":["
        "{\"id\":\"last\",\"call\":{\"service\":\"stock\",\"url\":"
        "\"/a/very/long/path/that/is/longer/than/a/label/should/be/and/goes/on/and/on/"
        "${ .input.x }\"},\"compensate\":null}]}]}";
    char *text = draw(definition, GRAPH_MERMAID);

    HAS(text, "pause<br/>waits 90s");
    HAS(text, "date<br/>waits until .input.date");
    HAS(text, "yes<br/>waits for the signal approved, 2h#59; then rejects");
    HAS(text, "maybe<br/>waits for the signal asked, 1h#59; then goes on");
    HAS(text, "check<br/>saga kyc");
    HAS(text, "<br/>optional<br/>for each of .input.people");
    HAS(text, "<br/>done by a callback");
    HAS(text, "-->|\"when .input.both\"| q");
    HAS(text, "...\"");
    free(text);
}
END_TEST

START_TEST(test_a_label_is_cut_between_characters)
{
    /* Two bytes a character, one offset against the other: one of them is cut inside. */
    char *even =
        draw("{\"name\":\"x\",\"steps\":[{\"id\":\"a\",\"when\":\"${ .input.a == \\\""
             "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
             "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
             "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
             "\\\" }\",\"wait\":\"1s\"}]}",
             GRAPH_MERMAID);
    char *odd =
        draw("{\"name\":\"x\",\"steps\":[{\"id\":\"a\",\"when\":\"${ .input.ab == \\\""
             "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
             "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
             "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
             "\\\" }\",\"wait\":\"1s\"}]}",
             GRAPH_MERMAID);

    HAS(even, "\u00e9...\"|");
    HAS(odd, "\u00e9...\"|");
    free(even);
    free(odd);
}
END_TEST

int main(void)
{
    return suite_main("graph", test_each_kind_of_step_says_what_it_is,
                      test_a_label_is_cut_between_characters,
                      test_steps_follow_each_other_from_start_to_end,
                      test_branches_stand_between_a_fork_and_a_join,
                      test_dot_says_the_same, test_texts_cannot_become_syntax);
}
