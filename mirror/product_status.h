// Looks up what the store holds of each product.
#pragma once

#include <vector>

#include "mirror/product_list.h"
#include "model/product_status.h"

namespace nachbau::mirror {

// Of the products `chosen`; what they share is shared with any of `all`. Totals are over `chosen`.
MirrorStatus StatusOf(const std::vector<Product>& chosen, const std::vector<Product>& all, const Store& store);

}  // namespace nachbau::mirror
