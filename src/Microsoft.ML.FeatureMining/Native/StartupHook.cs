// The runtime runs it before Main in programs whose runtimeconfig.json names this assembly (buildTransitive/MlNetFm.targets). It wants this name, and no namespace.
internal static class StartupHook
{
    // The module initializer (TorchLibrary.Register) runs before any method of the assembly.
    public static void Initialize()
    {
    }
}
