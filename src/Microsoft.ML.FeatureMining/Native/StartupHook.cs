// A .NET startup hook: the runtime calls Initialize before Main if the program's runtimeconfig.json names this assembly (buildTransitive/MlNetFm.targets). The
// runtime requires this class name and the global namespace.
internal static class StartupHook
{
    // Empty: loading the assembly runs the module initializer, TorchLibrary.Register.
    public static void Initialize() { }
}
