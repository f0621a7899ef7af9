using Microsoft.ML.FeatureMining.Native;

// The runtime runs it before Main in programs whose runtimeconfig.json names this assembly (buildTransitive/MlNetFm.targets). It wants this name, and no namespace.
internal static class StartupHook
{
    public static void Initialize() => TorchLibrary.Register();
}
