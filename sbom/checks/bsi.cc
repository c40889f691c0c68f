#include "sbom/checks/bsi.h"

namespace nachbau::sbom {

ProfileResult CheckBsi(const CheckInput& input) {
  ProfileResult result;
  result.profile = "bsi-tr-03183-2";
  result.title = "BSI TR-03183-2";
  result.version = "2.1.0";
  result.owner = "Bundesamt für Sicherheit in der Informationstechnik";
  CheckBsiDocument(input, result.clauses);
  CheckBsiGraph(input, result.clauses);
  CheckBsiComponents(input, result.clauses);
  return result;
}

}  // namespace nachbau::sbom
