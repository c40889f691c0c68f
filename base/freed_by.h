// Deleters for std::unique_ptr over what C libraries hand out: std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>.
#pragma once

namespace nachbau {

template <auto Free>
struct FreedBy {
  template <typename Object>
  void operator()(Object* object) const {
    Free(object);
  }
};

}  // namespace nachbau
