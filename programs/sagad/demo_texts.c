/* demo_texts.c - see demo_texts.h. */
#include "programs/sagad/demo_texts.h"

#include <string.h>

/* clang-format off */
const char demo_definition[] =
"{ \"name\": \"order\","
"  \"description\": \"Charge, reserve, ship, mail; take it back if shipping refuses.\","
"  \"key\": \"${ .input.orderId }\", \"unique\": true, \"timeout\": \"1m\","
"  \"steps\": ["
"    { \"id\": \"payment\","
"      \"call\": { \"service\": \"payments\", \"url\": \"/charges\","
"        \"body\": { \"reference\": \"${ .input.orderId }\", \"amount\": \"${ .input.amount }\" } },"
"      \"compensate\": { \"service\": \"payments\", \"url\": \"/refunds\","
"        \"body\": { \"reference\": \"${ .input.orderId }\" } } },"
"    { \"id\": \"stock\","
"      \"call\": { \"service\": \"inventory\", \"method\": \"PUT\","
"        \"url\": \"/reservations/${ .input.orderId }\", \"body\": { \"item\": \"${ .input.item }\" } },"
"      \"compensate\": { \"service\": \"inventory\", \"method\": \"DELETE\","
"        \"url\": \"/reservations/${ .input.orderId }\", \"statuses\": { \"success\": [ 404 ] } } },"
"    { \"id\": \"shipment\", \"pivot\": true,"
"      \"call\": { \"service\": \"shipping\", \"url\": \"/shipments\","
"        \"body\": { \"to\": \"${ .input.to }\", \"reservation\": \"${ .steps.stock.body.id }\" } } },"
"    { \"id\": \"receipt\", \"optional\": true,"
"      \"call\": { \"service\": \"mail\", \"url\": \"/receipts\","
"        \"body\": { \"tracking\": \"${ .steps.shipment.body.id }\" } },"
"      \"compensate\": null } ],"
"  \"output\": { \"tracking\": \"${ .steps.shipment.body.id }\" } }";

const struct demo_order demo_orders[] = {
    {"Order o-1, a lamp for 49.90, to Lisbon",
     "{ \"definition\": \"order\", \"input\": { \"orderId\": \"o-1\", \"item\": \"lamp\","
     " \"amount\": 49.90, \"to\": \"Lisbon\" } }",
     "completed"},
    {"Order o-2, a lamp for 49.90, to the Moon",
     "{ \"definition\": \"order\", \"input\": { \"orderId\": \"o-2\", \"item\": \"lamp\","
     " \"amount\": 49.90, \"to\": \"the Moon\" } }",
     "compensated"},
};
const size_t demo_n_orders = sizeof(demo_orders) / sizeof(demo_orders[0]);

static const struct {
    const char *step, *operation, *words;
} words[] = {
    {"payment", "action", "charge the card"},
    {"payment", "compensation", "  refund the card"},
    {"stock", "action", "reserve the lamp"},
    {"stock", "compensation", "  put the lamp back"},
    {"shipment", "action", "hand it to shipping"},
    {"receipt", "action", "mail the receipt"},
};
/* clang-format on */

const char *demo_words(const char *step, const char *operation)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].step, step) == 0 &&
            strcmp(words[i].operation, operation) == 0) {
            return words[i].words;
        }
    }
    return step;
}
