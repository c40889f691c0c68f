// Which packages of a build environment are its base: what build roots have in common.
// docs/decisions/0066-roots-on-roots.md
#pragma once

#include <string>
#include <vector>

namespace nachbau::builder {

// For each package, given by its control file, whether it belongs to the base: the Essential ones, build-essential and
// fakeroot, and what these need (Pre-Depends, Depends) among the packages given. Of alternatives the first that is
// there; with a version in the clause all that are there, since versions are not compared; where none is there the
// first package that provides one, those of higher Priority first, then by name. All false where nothing is Essential,
// or where two packages have one name. The answer for the packages of a base alone is all of them. Throws ParseError.
std::vector<bool> FindBasePackages(const std::vector<std::string>& control_files);

}  // namespace nachbau::builder
