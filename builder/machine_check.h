// The single questions of CheckMachine (builder.h). Each is answered by trying, not by reading version numbers.
#pragma once

#include <cstdint>
#include <filesystem>

#include "builder/builder.h"

namespace nachbau::builder {

MachineCheck CheckUserNamespaces();
MachineCheck CheckSubordinateIds();
MachineCheck CheckIdMapping();
MachineCheck CheckOverlay(const std::filesystem::path& work_directory);
MachineCheck CheckProc();
MachineCheck CheckSeccomp();
MachineCheck CheckControlGroups();
MachineCheck CheckDisk(const std::filesystem::path& directory);
MachineCheck CheckMemory();

// With numbers given: judged without looking at the machine. Bytes.
MachineCheck JudgeDisk(const std::filesystem::path& directory, std::uint64_t left);
MachineCheck JudgeMemory(std::uint64_t available);

}  // namespace nachbau::builder
