// clang's front end (`clang -cc1`) on the command line's arguments, with every target that LLVM was built for. Naming
// them all is what draws in nearly the whole of LLVM's and Clang's archives: a link of the largest real kind.

#include "clang/Basic/DiagnosticOptions.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Frontend/TextDiagnosticBuffer.h"
#include "clang/FrontendTool/Utils.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Passes/PassPlugin.h"
#include "llvm/Support/TargetSelect.h"
#include <memory>

using namespace clang;

// Debian builds clang with Polly, whose archive is in a package of its own. A plugin that does nothing takes its place.
llvm::PassPluginLibraryInfo getPollyPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "Polly", "none", [](llvm::PassBuilder &) {}};
}

int main(int argc, const char **argv) {
  llvm::InitializeAllTargets();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllAsmPrinters();
  llvm::InitializeAllAsmParsers();

  auto compiler = std::make_unique<CompilerInstance>();
  auto buffer = std::make_unique<TextDiagnosticBuffer>();
  IntrusiveRefCntPtr<DiagnosticOptions> options(new DiagnosticOptions());
  DiagnosticsEngine early(new DiagnosticIDs(), options, buffer.get(), /*ShouldOwnClient=*/false);
  llvm::ArrayRef<const char *> arguments(argv + 1, argc - 1);
  bool understood = CompilerInvocation::CreateFromArgs(compiler->getInvocation(), arguments, early, argv[0]);
  compiler->createDiagnostics();
  buffer->FlushDiagnostics(compiler->getDiagnostics());
  return understood && ExecuteCompilerInvocation(compiler.get()) ? 0 : 1;
}
