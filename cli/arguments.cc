#include "cli/arguments.h"

#include <CLI/CLI.hpp>

#include <algorithm>

#include "base/error.h"
#include "cli/commands.h"

namespace nachbau::cli {
namespace {

void AddGlobalOptions(CLI::App& app, Arguments& arguments) {
  app.add_option("-C,--directory", arguments.directory,
                 "Workspace: nachbau.toml is read here, locks/ and evidence/ are written here")
      ->type_name("DIR");
  app.add_option("--home", arguments.home, "Where store, cache, keys and log are kept (default: see 'doctor')")
      ->type_name("DIR");
  app.add_option("--apt-root", arguments.apt_root, "Take the archives from DIR/etc/apt instead of this machine's")
      ->type_name("DIR");
  app.add_option("--origin", arguments.origins, "Use archives whose signed Release names this origin (default: Debian)")
      ->allow_extra_args(false)
      ->type_name("NAME");
  app.add_option("--architecture", arguments.architecture, "Debian architecture (default: this machine's)")
      ->type_name("ARCH");
  app.add_flag("--json", arguments.json, "One JSON document on standard output instead of text");
  app.add_flag("-q,--quiet", arguments.quiet, "No progress, only the result");
  app.add_flag("--offline", arguments.offline, "Contact nothing: use what is mirrored");
  app.add_flag("--allow-expired", arguments.allow_expired,
               "Accept a Release file past its Valid-Until (recorded in the lock)");
  app.add_flag("--allow-rollback", arguments.allow_rollback,
               "Accept a Release file older than the last one seen (recorded in the lock)");
  app.add_option("--at", arguments.at,
                 "Resolve as of then: 2026-11-25 (its end), or 2026-11-25T12:00:00Z; from snapshots held, or from archives "
                 "whose URL has a {timestamp}")
      ->type_name("DATE");
  app.add_option("--as", arguments.actor, "Who does this, for the record (default: nachbau.toml, else the login name)")
      ->type_name("NAME");
  app.add_option("--role", arguments.role, "In which role, for the record")->type_name("ROLE");
  app.add_option("--reason", arguments.reason, "Why, for the record: of a check switched off, of a hold")->type_name("TEXT");
  app.add_option("--part", arguments.part)->group("");  // not for people
  app.add_option("--lang", arguments.language, "Language of messages: de or en")->type_name("LANG");
}

void AddOption(CLI::App& command, std::string_view option, Arguments& arguments) {
  if (option == "version") {
    command.add_option("--version-wanted", arguments.version, "This version of the source package, not the newest")
        ->type_name("VERSION");
  } else if (option == "output") {
    command.add_option("-o,--output", arguments.output, "Where to write the result")->type_name("PATH");
  } else if (option == "lock") {
    command.add_option("--lock", arguments.lock, "Build exactly what this lock says; contacts nothing for resolving")
        ->type_name("FILE");
  } else if (option == "only") {
    command.add_option("--only", arguments.variations, "Vary only this; may be repeated (default: everything there is)")
        ->allow_extra_args(false)
        ->type_name("VARIATION");
  } else if (option == "each") {
    command.add_flag("--each", arguments.each, "Vary one thing at a time, then all together (default: all together first)");
  } else if (option == "builds") {
    command
        .add_option("--builds", arguments.builds,
                    "Build up to N source packages at once, as memory allows (default: 1)")
        ->check(CLI::Range(1, 64))
        ->type_name("N");
  } else if (option == "shell") {
    command
        .add_option("--failed", arguments.failed, "Enter the kept tree of a failed build instead (see --keep-failed)")
        ->type_name("NAME");
    command.add_flag("--remove", arguments.remove, "Remove that tree afterwards");
  } else if (option == "log") {
    command
        .add_option("--grep", arguments.grep,
                    "Only lines with this text, in upper or lower case; exit code 1 if there are none")
        ->type_name("TEXT");
    auto* tail = command.add_option("--tail", arguments.tail, "Only the last N of them")->type_name("N");
    command.add_flag("--failure", arguments.failure, "Only the lines that tell why the build failed")->excludes(tail);
  } else if (option == "locks") {
    command.add_option("--lock", arguments.locks, "Also what this lock names; may be repeated")
        ->allow_extra_args(false)
        ->type_name("FILE");
  } else if (option == "publish") {
    command
        .add_option("--product", arguments.products,
                    "Only this product; may be repeated (default: all, unless --lock or --evidence name something)")
        ->allow_extra_args(false)
        ->type_name("NAME");
    command
        .add_option("--evidence", arguments.evidence,
                    "Also the packages that this evidence folder is about, if its decision allows them; may be repeated")
        ->allow_extra_args(false)
        ->type_name("DIR");
    command.add_option("--suite", arguments.suite, "Suite to write; others in DIR stay as they are (default: nachbau)")
        ->type_name("NAME");
    command.add_option("--label", arguments.label, "Origin and Label of the Release file (default: Nachbau)")
        ->type_name("TEXT");
    command.add_option("--valid-days", arguments.valid_days, "Until when apt accepts this state (default: 14)")
        ->check(CLI::Range(1, 3650))
        ->type_name("N");
    command
        .add_option("--keep-days", arguments.keep_days,
                    "How long files that went out of use stay for clients in the middle of an update (default: 7)")
        ->check(CLI::Range(0, 3650))
        ->type_name("N");
    command.add_flag("--hard-links", arguments.hard_links,
                     "Share the store's files instead of copying them; only where nobody else can change them");
  } else if (option == "archive-key") {
    auto* file = command
                     .add_option("--archive-key", arguments.archive_key,
                                 "OpenPGP secret key that signs (default: keys/archive.pgp of --home, made on first use)")
                     ->type_name("FILE");
    command
        .add_option("--archive-passphrase-file", arguments.archive_passphrase_file, "File with the passphrase of that key")
        ->type_name("FILE");
    command
        .add_option("--gpg-key", arguments.gpg_key, "Sign with the key of this fingerprint that gpg has, as on a smart card")
        ->excludes(file)
        ->type_name("FINGERPRINT");
  } else if (option == "export") {
    command
        .add_option("--volume-size", arguments.volume_size,
                    "Write a folder of volumes that are no larger than this, for media of a given size")
        ->transform(CLI::AsSizeValue(false))
        ->type_name("SIZE");
    command
        .add_option("--have", arguments.have,
                    "Leave out what the other side has: its list ('nachbau mirror have'), or an earlier export; may be "
                    "repeated")
        ->allow_extra_args(false)
        ->type_name("FILE");
  } else if (option == "depth") {
    command
        .add_option("--depth", arguments.depth,
                    "Also hold what the sources of the build environment are built with: N levels, or max: until "
                    "nothing new is needed (default: 0)")
        ->type_name("N");
  } else if (option == "missing") {
    command.add_flag("--missing", arguments.list_missing, "List every file and source that is missing, with the reason");
  } else if (option == "product-name") {
    command.add_option("--name", arguments.product, "Name of the product (default: made of where it comes from)")
        ->type_name("NAME");
  } else if (option == "submodules") {
    command.add_flag("--without-submodules", arguments.without_submodules, "Do not mirror the submodules of the repository");
  } else if (option == "tarball") {
    command.add_option("--sha256", arguments.sha256, "What the tarball must be: its digest")->type_name("HEX");
    command.add_option("--signature", arguments.signature, "Detached signature: OpenPGP, minisign, signify or SSH")
        ->type_name("URL|FILE");
    command.add_option("--key", arguments.keys, "Public key that the signature must be by; may be repeated")
        ->allow_extra_args(false)
        ->type_name("FILE");
    command.add_option("--version-wanted", arguments.version, "Its version (default: as in the file name)")
        ->type_name("VERSION");
  } else if (option == "registry") {
    command
        .add_option("--registry", arguments.registry,
                    "For packages of which the lock does not say where they are (default: asks npm)")
        ->type_name("URL");
  } else if (option == "repository") {
    command.add_option("--git", arguments.repository, "Names are refs or objects of this mirrored repository")
        ->type_name("PRODUCT");
  } else if (option == "key") {
    command.add_option("--key", arguments.keys, "Trust this public key (PEM) for this call; may be repeated")
        ->allow_extra_args(false)
        ->type_name("FILE");
  } else if (option == "purl") {
    command.add_option("--namespace", arguments.purl_namespace, "Vendor, group, owner: debian, org.apache.commons")
        ->type_name("TEXT");
    command
        .add_option("--qualifier", arguments.qualifiers, "What else tells the package from others: arch=amd64; may be repeated")
        ->allow_extra_args(false)
        ->type_name("KEY=VALUE");
    command.add_option("--subpath", arguments.subpath, "A path inside the package")->type_name("PATH");
  } else if (option == "buildinfo") {
    command
        .add_option("--buildinfo", arguments.build_info,
                    "Find the exact environment that this .buildinfo file names, instead of resolving one")
        ->type_name("FILE");
    command.add_option("--keyring", arguments.keyrings, "Keys that may have signed the .buildinfo file; may be repeated")
        ->allow_extra_args(false)
        ->type_name("FILE");
  } else if (option == "suite") {
    command.add_option("--suite", arguments.suites, "The key counts for this suite alone; may be repeated")
        ->allow_extra_args(false)
        ->type_name("SUITE");
  } else if (option == "policy") {
    command.add_option("--policy", arguments.policy, "Policy file (default: the workspace's, else the shipped one)")
        ->type_name("FILE");
  } else if (option == "passphrase") {
    command.add_option("--passphrase-file", arguments.passphrase_file, "File with the passphrase of the signing key")
        ->type_name("FILE");
  } else if (option == "gc") {
    command.add_flag("--delete", arguments.delete_garbage, "Really do it (default: only say what would go)");
    command.add_flag("--empty-trash", arguments.empty_trash,
                     "Also delete at once what earlier collections set aside; without it, only what waited long enough");
    command
        .add_option("--grace-days", arguments.grace_days,
                    "Leave alone what was used within so many days (default: nachbau.toml, else 7)")
        ->type_name("N");
    command.add_option("--explain", arguments.explain, "Only tell what keeps this object")->type_name("DIGEST");
    command
        .add_option("--forget", arguments.forget,
                    "Forget a workspace, or a file written elsewhere, that is gone; may be repeated")
        ->allow_extra_args(false)
        ->type_name("PATH");
  } else if (option == "scrub") {
    command.add_option("--rate", arguments.rate, "Read at most so much per second (default: as fast as it goes)")
        ->transform(CLI::AsSizeValue(false))
        ->type_name("SIZE");
    command.add_option("--max-time", arguments.max_time, "Stop after so many seconds; the next run goes on there")
        ->type_name("SECONDS");
    command.add_option("--older-than-days", arguments.older_than_days, "Leave out what was checked within so many days")
        ->type_name("N");
    command.add_flag("--cached", arguments.cached,
                     "Accept what the kernel has in memory (default: read from the disk itself)");
    command.add_flag("--repair", arguments.repair, "Fetch damaged and lost objects again from where they came");
    command
        .add_option("--from", arguments.peers,
                    "Repair, and look in this store first: its directory, or its http, https or file URL; may be repeated")
        ->allow_extra_args(false)
        ->type_name("STORE");
  } else if (option == "confirm") {
    command.add_option("--confirm", arguments.confirm, "Release it now: FILE has the signatures of two people")
        ->type_name("FILE");
  } else if (option == "spec") {
    command.add_option("--spec", arguments.spec, "Version of CycloneDX (default: 1.7); 1.6 needs -o FILE")
        ->check(CLI::IsMember({"1.6", "1.7"}))
        ->type_name("VERSION");
  } else if (option == "merge") {
    command
        .add_option("--name", arguments.product,
                    "Name of what they are together (default: their product, when it is the same in all)")
        ->type_name("NAME");
    command.add_option("--product-version", arguments.product_version, "Its version")->type_name("VERSION");
  } else if (option == "to") {
    command.add_option("--to", arguments.to, "cyclonedx-1.7, cyclonedx-1.6 or spdx-3.0.1")->required()->type_name("FORMAT");
  } else if (option == "query") {
    command.add_option("--purl", arguments.purl, "Package URL; without version: any version")->type_name("PURL");
    command.add_option("--digest", arguments.digest, "Digest of a file, hexadecimal, by any algorithm")->type_name("HEX");
    command.add_option("--licence", arguments.licence, "SPDX identifier anywhere in a licence")->type_name("ID");
    command.add_option("--source-file", arguments.source_file, "Source file that went in: a path, or its end")
        ->type_name("PATH");
    command.add_option("--name", arguments.product, "Name of a component")->type_name("NAME");
  } else if (option == "artifacts") {
    command
        .add_option("--artifacts", arguments.artifacts, "Folder with the real files (default: artifacts/ beside the SBOM)")
        ->type_name("DIR");
  } else if (option == "sign") {
    auto* detached = command.add_flag("--detached", arguments.detached,
                                      "Write the signature into a file of its own, and into the log: for any format");
    auto* replace = command.add_flag("--replace", arguments.replace, "Take away the signature that is there")->excludes(detached);
    auto* add = command.add_flag("--add", arguments.add, "Sign beside others: as one of a list of signers")
                    ->excludes(detached)
                    ->excludes(replace);
    command.add_flag("--chain", arguments.chain, "Sign what others have signed, and their signatures")
        ->excludes(detached)
        ->excludes(replace)
        ->excludes(add);
  } else if (option == "signed") {
    command.add_option("--signature", arguments.signature, "Detached signature, as 'sbom sign --detached' writes it")
        ->type_name("FILE");
    command
        .add_option("--allow-excluded", arguments.allow_excluded,
                    "Accept that a signature does not cover this member; may be repeated")
        ->allow_extra_args(false)
        ->type_name("NAME");
  } else if (option == "conformance") {
    command
        .add_option("--profile", arguments.conformance_profiles,
                    "bsi-tr-03183-2 (default), ntia or cra; may be repeated")
        ->allow_extra_args(false)
        ->type_name("PROFILE");
    command
        .add_option("--artifacts", arguments.artifacts,
                    "Folder with the files that the SBOM is about (default: of an evidence folder, its own)")
        ->type_name("DIR");
    command.add_option("--csv", arguments.csv, "Also write a table for a spreadsheet")->type_name("FILE");
    command.add_option("--declarations", arguments.declarations, "Also write the outcome as CycloneDX declarations")
        ->type_name("FILE");
  } else if (option == "sources") {
    command.add_flag("--without-environment-sources", arguments.without_environment_sources,
                     "Do not mirror the sources of the build environment");
  } else if (option == "recipe") {
    command.add_flag("--run-tests", arguments.run_tests, "Run the package's own tests while building");
    command.add_option("--build-profile", arguments.build_profiles, "Build with this build profile; may be repeated")
        ->allow_extra_args(false)
        ->type_name("NAME");
    command.add_option("--profile", arguments.profile,
                       "match: as Debian's build daemons; virtual: with a clock, kernel, processors and randomness of its own")
        ->check(CLI::IsMember({"match", "virtual"}))
        ->type_name("PROFILE");
    CLI::Option* arch_only =
        command.add_flag("--arch-only", arguments.arch_only, "Build the packages for the architecture only (-B)");
    command.add_flag("--indep-only", arguments.indep_only, "Build the packages for all architectures only (-A)")
        ->excludes(arch_only);
  } else if (option == "build") {
    command.add_flag("--no-trace", arguments.no_trace, "Do not record which processes use which files");
    command.add_flag("--keep-failed", arguments.keep_failed, "Keep the tree of a failed build and say where it is");
    command.add_flag("--show-log", arguments.show_log, "Show the build log as it comes, on standard error");
    command.add_option("-j,--jobs", arguments.jobs, "Parallel jobs (default: all processors)")->type_name("N");
    command.add_option("--memory-limit", arguments.memory_limit, "For all processes of the build together")
        ->transform(CLI::AsSizeValue(false))
        ->type_name("SIZE");
    command.add_option("--disk-limit", arguments.disk_limit, "What the build may write")
        ->transform(CLI::AsSizeValue(false))
        ->type_name("SIZE");
    command.add_option("--time-limit", arguments.time_limit, "Wall clock, in seconds")->type_name("SECONDS");
  }
}

CLI::App* FindOrAdd(CLI::App& app, const std::string& name, const std::string& help) {
  for (CLI::App* existing : app.get_subcommands([&](CLI::App* candidate) { return candidate->get_name() == name; })) {
    return existing;
  }
  return app.add_subcommand(name, help);
}

}  // namespace

Arguments ParseArguments(int argc, const char* const* argv) {
  Arguments arguments;
  arguments.words.assign(argv + 1, argv + argc);
  // What follows `shell … --` is another program's command line; CLI11 would look for options in it.
  const auto words_end = arguments.words.end();
  const auto mark = std::find(arguments.words.begin(), words_end, "--");
  if (mark != words_end && std::find(arguments.words.begin(), mark, "shell") != mark) {
    arguments.program.assign(mark + 1, words_end);
    argc = static_cast<int>(mark - arguments.words.begin()) + 1;
  }
  CLI::App app("Nachbau rebuilds Debian packages from source, bit for bit, and proves what it found.\n\n"
               "Examples:\n"
               "  nachbau rebuild dnsmasq             the whole job: mirror, build, compare, describe, attest, decide\n"
               "  nachbau verify evidence/dnsmasq     check everything again, offline, from the evidence alone\n"
               "  nachbau doctor                      what this machine lacks, and how to mend it\n",
               "nachbau");
  app.set_version_flag("--version", NACHBAU_VERSION);
  app.fallthrough();
  app.require_subcommand(1);
  app.footer("Exit codes: 0 checked and good, 1 checked and bad, 2 could not check, 130 interrupted.");
  AddGlobalOptions(app, arguments);
  for (const Command& command : Commands()) {
    const std::string_view name = command.name;
    CLI::App* parent = &app;
    std::string_view word = name;
    for (std::size_t blank; (blank = word.find(' ')) != word.npos; word.remove_prefix(blank + 1)) {
      parent = FindOrAdd(*parent, std::string(word.substr(0, blank)), std::string(command.group_help));
      parent->require_subcommand(1);
      parent->fallthrough();
    }
    CLI::App* subcommand = parent->add_subcommand(std::string(word), command.help);
    subcommand->fallthrough();
    if (command.names_minimum != 0 || command.names_maximum != 0) {
      CLI::Option* names = subcommand->add_option(command.names_label, arguments.names, command.names_help);
      if (command.names_minimum != 0) names->required();
      names->expected(command.names_minimum, command.names_maximum);
    }
    for (const std::string_view option : command.options) AddOption(*subcommand, option, arguments);
    subcommand->callback([&arguments, name] { arguments.command = std::string(name); });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {  // --help, --version
    std::ostringstream out;
    app.exit(request, out, out);
    arguments.command.clear();
    arguments.help = out.str();
  } catch (const CLI::ParseError& error) {
    UsageError usage(Msg("{}", std::string_view(error.what())));
    usage.SetHint(Msg("'nachbau --help' lists the commands; 'nachbau COMMAND --help' the options of one"));
    throw usage;
  }
  return arguments;
}

}  // namespace nachbau::cli
