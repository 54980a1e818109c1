/* Which addresses may be called: the list of security.md, and what egress.allow opens. */
#include "engine/calls/egress.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>

#include "tests/support/suite.h"

static struct egress *made(const char *const *entries, size_t n)
{
    struct egress *e = NULL;
    struct err_info info = {0};

    ck_assert_msg(egress_create(entries, n, &e, &info) == ERR_OK, "%s", info.text);
    return e;
}

/* NULL if it may be called, else why not. */
static const char *refusal(const struct egress *e, const char *host, bool is_service,
                           const char *address)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const char *why = NULL;

    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
        memcpy(&storage, &v4, sizeof(v4));
    } else {
        ck_assert_msg(inet_pton(AF_INET6, address, &v6.sin6_addr) == 1, "%s", address);
        memcpy(&storage, &v6, sizeof(v6));
    }
    if (egress_allows_address(e, host, is_service, (struct sockaddr *)&storage, &why)) {
        ck_assert_ptr_null(why);
        return NULL;
    }
    ck_assert_ptr_nonnull(why);
    return why;
}

static const struct {
    const char *address;
    const char *word; /* Of the refusal. */
} listed[] = {
    {"0.0.0.0", "this host"},
    {"0.1.2.3", "this host"},
    {"10.0.0.1", "private"},
    {"100.64.0.1", "CGNAT"},
    {"100.127.255.255", "CGNAT"},
    {"127.0.0.1", "loopback"},
    {"127.255.0.9", "loopback"},
    {"169.254.169.254", "metadata"},
    {"172.16.0.1", "private"},
    {"172.31.255.255", "private"},
    {"192.0.0.8", "reserved"},
    {"192.0.2.1", "documentation"},
    {"192.168.1.1", "private"},
    {"198.18.0.1", "benchmarking"},
    {"198.19.255.255", "benchmarking"},
    {"198.51.100.7", "documentation"},
    {"203.0.113.7", "documentation"},
    {"224.0.0.1", "multicast"},
    {"240.0.0.1", "reserved"},
    {"255.255.255.255", "reserved"},
    {"::", "this host"},
    {"::1", "loopback"},
    {"::ffff:127.0.0.1", "IPv4-mapped"},
    {"::ffff:8.8.8.8", "IPv4-mapped"},
    {"::ffff:0:8.8.8.8", "IPv4-translated"},
    {"::8.8.8.8", "IPv4-compatible"},
    {"64:ff9b::8.8.8.8", "NAT64"},
    {"64:ff9b:1::1", "NAT64"},
    {"100::1", "reserved"},
    {"2001::1", "Teredo"},
    {"2001:2::1", "benchmarking"},
    {"2001:10::1", "reserved"},
    {"2001:db8::1", "documentation"},
    {"2002:808:808::1", "6to4"},
    {"3fff::1", "documentation"},
    {"4000::1", "reserved"},
    {"fc00::1", "unique-local"},
    {"fd12:3456::1", "unique-local"},
    {"fd00:ec2::254", "metadata"},
    {"fe80::1", "link-local"},
    {"febf::1", "link-local"},
    {"fec0::1", "site-local"},
    {"ff02::1", "multicast"},
};

START_TEST(test_an_absolute_url_reaches_no_address_of_the_list)
{
    struct egress *e = made(NULL, 0);

    for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++) {
        const char *why = refusal(e, "shop.example", false, listed[i].address);

        ck_assert_msg(why != NULL && strstr(why, listed[i].word) != NULL, "%s: %s",
                      listed[i].address, why != NULL ? why : "allowed");
    }
    egress_destroy(e);
}
END_TEST

START_TEST(test_public_addresses_beside_the_listed_ones_are_open)
{
    static const char *const open[] = {
        "1.1.1.1",     "9.255.255.255", "11.0.0.0",    "100.63.255.255", "100.128.0.0",
        "126.1.1.1",   "128.0.0.1",     "169.253.0.1", "172.15.0.1",     "172.32.0.1",
        "192.0.1.1",   "192.167.1.1",   "198.17.0.1",  "198.20.0.1",     "223.1.1.1",
        "2001:200::1", "2001:db9::1",   "2003::1",     "2606:4700::1111"};
    struct egress *e = made(NULL, 0);

    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        ck_assert_msg(refusal(e, "shop.example", false, open[i]) == NULL, "%s", open[i]);
    }
    egress_destroy(e);
}
END_TEST

START_TEST(test_a_service_reaches_all_but_link_local_and_metadata)
{
    static const char *const never[] = {
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:169.254.1.1",
        "::169.254.1.1",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "2001:0:1:2:3:4:5601:5601" /* Teredo: 169.254.169.254 inverted. */};
    static const char *const fine[] = {"127.0.0.1", "10.1.1.1", "::1",
                                       "fd00::1",   "8.8.8.8",  "::ffff:127.0.0.1"};
    struct egress *e = made(NULL, 0);

    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        ck_assert_msg(refusal(e, "pay", true, never[i]) != NULL, "%s", never[i]);
    }
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        ck_assert_msg(refusal(e, "pay", true, fine[i]) == NULL, "%s", fine[i]);
    }
    egress_destroy(e);
}
END_TEST

START_TEST(test_allowing_a_network_opens_that_network_only)
{
    static const char *const entries[] = {"10.0.0.0/8", "[::1]", "fd00::/8"};
    struct egress *e = made(entries, 3);

    ck_assert_ptr_null(refusal(e, "x", false, "10.200.0.1"));
    ck_assert_ptr_null(refusal(e, "x", false, "::1"));
    ck_assert_ptr_null(refusal(e, "x", false, "fd00::9"));
    ck_assert_ptr_null(refusal(e, "x", false, "11.0.0.1"));
    ck_assert_ptr_nonnull(refusal(e, "x", false, "127.0.0.1"));
    ck_assert_ptr_nonnull(refusal(e, "x", false, "fc00::1"));
    ck_assert_ptr_nonnull(refusal(e, "x", false, "::ffff:10.0.0.1"));
    egress_destroy(e);
}
END_TEST

START_TEST(test_nothing_that_is_allowed_opens_link_local_or_metadata)
{
    static const char *const entries[] = {"169.254.0.0/16", "fe80::/10", "fd00::/8",
                                          "metadata.example"};
    struct egress *e = made(entries, 4);

    ck_assert_ptr_nonnull(refusal(e, "metadata.example", false, "169.254.169.254"));
    ck_assert_ptr_nonnull(refusal(e, "metadata.example", false, "fe80::1"));
    ck_assert_ptr_nonnull(refusal(e, "metadata.example", false, "fd00:ec2::254"));
    egress_destroy(e);
}
END_TEST

START_TEST(test_an_allowed_host_may_have_a_private_address)
{
    static const char *const entries[] = {"*.internal", "shop.example"};
    struct egress *e = made(entries, 2);

    ck_assert_ptr_null(refusal(e, "a.internal", false, "10.0.0.1"));
    ck_assert_ptr_null(refusal(e, "SHOP.example.", false, "127.0.0.1"));
    ck_assert_ptr_nonnull(refusal(e, "internal", false, "10.0.0.1"));
    ck_assert_ptr_nonnull(refusal(e, "badinternal", false, "10.0.0.1"));
    egress_destroy(e);
}
END_TEST

START_TEST(test_hosts_are_allowed_by_name_pattern_or_address)
{
    static const char *const entries[] = {"*.internal", "Shop.Example", "127.0.0.1",
                                          "10.0.0.0/8", "[::1]"};
    static const char *const allowed[] = {"a.internal",   "a.b.internal", "A.INTERNAL.",
                                          "shop.example", "127.0.0.1",    "10.9.8.7",
                                          "[::1]",        "::1"};
    static const char *const refused[] = {
        "internal", "x.shop.example",     "127.0.0.2", "0x7f000001",     "2130706433",
        "127.1",    "[::ffff:127.0.0.1]", "",          "a.internal.evil"};
    struct egress *e = made(entries, 5);

    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        ck_assert_msg(egress_allows_host(e, allowed[i]), "%s", allowed[i]);
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ck_assert_msg(!egress_allows_host(e, refused[i]), "%s", refused[i]);
    }
    egress_destroy(e);
}
END_TEST

START_TEST(test_entries_that_mean_nothing_are_refused_by_name)
{
    static const char *const bad[] = {
        "",          "*",           "*.",    "a..b",  "http://a",   "10.0.0.0/33",
        "10.0.0.0/", "fd00::/129",  "a.b/8", "127.1", "2130706433", "a b",
        "*.*.a",     "10.0.0.0/8x", "[::1",  "a:80"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct egress *e = NULL;
        struct err_info info = {0};

        ck_assert_msg(egress_create(&bad[i], 1, &e, &info) == ERR_INVALID, "%s", bad[i]);
        ck_assert_ptr_null(e);
        ck_assert_ptr_nonnull(strstr(info.text, bad[i]));
    }
}
END_TEST

START_TEST(test_an_address_that_is_not_internet_is_refused)
{
    struct egress *e = made(NULL, 0);
    struct sockaddr local = {.sa_family = AF_UNIX};
    const char *why = NULL;

    ck_assert(!egress_allows_address(e, "x", true, &local, &why));
    ck_assert_ptr_nonnull(why);
    egress_destroy(e);
}
END_TEST

/* ---- what cannot be read -------------------------------------------------------- */

static bool may_stand(const char *entry)
{
    struct egress *e = NULL;
    struct err_info info = {0};
    const enum err err = egress_create(&entry, 1, &e, &info);

    egress_destroy(e); /* NULL where it was refused. */
    return err == ERR_OK;
}

START_TEST(test_a_prefix_is_digits_within_the_address)
{
    ck_assert(may_stand("10.0.0.0/8"));
    ck_assert(!may_stand("10.0.0.0/"));
    ck_assert(!may_stand("10.0.0.0/33"));
    ck_assert(!may_stand("10.0.0.0/0008"));
    ck_assert(!may_stand("10.0.0.0/+8"));
    ck_assert(!may_stand("10.0.0.0/8x"));
}
END_TEST

START_TEST(test_a_name_is_labels_of_letters_digits_dash_and_underscore)
{
    ck_assert(may_stand("My_Shop-1.example"));
    ck_assert(!may_stand(""));
    ck_assert(!may_stand("shop..example"));
    ck_assert(!may_stand("shop."));
    ck_assert(!may_stand("shop^.example"));
    ck_assert(!may_stand("shop{.example"));
    ck_assert(!may_stand("shop.1"));
}
END_TEST

START_TEST(test_what_is_longer_than_a_host_name_is_none)
{
    char name[300];
    struct egress *e = made((const char *const[]){"shop.example"}, 1);

    memset(name, 'a', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    ck_assert(!may_stand(name));
    ck_assert(!egress_allows_host(e, name));
    ck_assert(!egress_allows_host(e, ""));
    ck_assert_str_ne(refusal(e, name, false, "10.0.0.1"), "");
    egress_destroy(e);
}
END_TEST

int main(void)
{
    return suite_main("egress", test_an_absolute_url_reaches_no_address_of_the_list,
                      test_public_addresses_beside_the_listed_ones_are_open,
                      test_a_service_reaches_all_but_link_local_and_metadata,
                      test_allowing_a_network_opens_that_network_only,
                      test_nothing_that_is_allowed_opens_link_local_or_metadata,
                      test_an_allowed_host_may_have_a_private_address,
                      test_hosts_are_allowed_by_name_pattern_or_address,
                      test_entries_that_mean_nothing_are_refused_by_name,
                      test_an_address_that_is_not_internet_is_refused,
                      test_a_prefix_is_digits_within_the_address,
                      test_a_name_is_labels_of_letters_digits_dash_and_underscore,
                      test_what_is_longer_than_a_host_name_is_none);
}
