using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Microsoft.Win32.SafeHandles;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.Native;

/// <summary>Loads TorchSharp's native library, on older Linux systems too, and says what is missing where it cannot be loaded.</summary>
internal static class TorchLibrary
{
    private const string Name = "LibTorchSharp";
    private const string FileName = "libLibTorchSharp.so";

    private static readonly Lock Gate = new();
    private static nint _adapted;
    private static string? _failure;

    /// <summary>Lets TorchSharp find the adapted library where the one of its package does not load.</summary>
#pragma warning disable CA2255 // TorchSharp loads its native library when it is first used, which is out of our hands: the handler has to be there before.
    [ModuleInitializer]
#pragma warning restore CA2255
    public static void Register()
    {
        if (OperatingSystem.IsLinux())
        {
            AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(typeof(TorchLibrary).Assembly) ?? AssemblyLoadContext.Default;
            context.ResolvingUnmanagedDll += (assembly, name) => name == Name ? LoadAdapted(assembly) : 0;
        }
    }

    /// <summary>Call before the first use of TorchSharp, which writes to the console and names the wrong cause where its native library does not load.</summary>
    /// <exception cref="DllNotFoundException">It cannot be loaded: which file, what is missing, what to do.</exception>
    public static void EnsureLoaded()
    {
        Assembly torchSharp = typeof(torch).Assembly;
        // In a notebook or script TorchSharp.dll lies in its package's folder, and TorchSharp gathers its native files from other packages.
        if (torchSharp.Location.Length > 0 && Path.GetDirectoryName(torchSharp.Location) != Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))
        {
            return;
        }

        foreach (string library in (string[])["torch_cpu", Name])
        {
            if (!NativeLibrary.TryLoad(library, torchSharp, searchPath: null, out _))
            {
                throw new DllNotFoundException(Explain(torchSharp, library));
            }
        }
    }

    private static string Explain(Assembly torchSharp, string library)
    {
        string version = torchSharp.GetName().Version?.ToString(3) ?? "";
        string file = OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";
        string problem = $"{file} is not among the program's native libraries.";
        if (Find(file) is { } path)
        {
            try
            {
                NativeLibrary.Load(path); // says why
                problem = "the library loads by its path, but not by its name.";
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                problem = _failure ?? $"{path}: {Cause(e.Message)}";
            }
        }

        return $"""
            {library}, native code of TorchSharp {version}, cannot be loaded by {RuntimeInformation.OSDescription} ({RuntimeInformation.RuntimeIdentifier}).
            Missing: {problem.ReplaceLineEndings(" ").Trim()}
            What to do: reference TorchSharp-cpu {version} (or TorchSharp-cuda-linux, TorchSharp-cuda-windows of that version) in the program's project; on Linux, glibc 2.34 and libstdc++ of GCC 12 or later are needed (Debian 12, Ubuntu 22.04).
            """;
    }

    // The runtime's first line is advice for any library; the loader's own words follow.
    private static string Cause(string message) => message.Split('\n', 2) is [_, string loader] && !string.IsNullOrWhiteSpace(loader) ? loader : message;

    // The handle lives as long as the process: TorchSharp's calls are bound to it.
    private static nint LoadAdapted(Assembly torchSharp)
    {
        lock (Gate)
        {
            if (_adapted == 0 && Find(FileName) is { } path)
            {
                try
                {
                    _adapted = LoadAdapted(path, torchSharp);
                }
                catch (Exception e) when (e is DllNotFoundException or NotSupportedException or IOException or UnauthorizedAccessException or Win32Exception or EntryPointNotFoundException)
                {
                    _failure = $"{path}: {Cause(e.Message)}";
                }
            }

            return _adapted;
        }
    }

    private static nint LoadAdapted(string path, Assembly torchSharp)
    {
        // The adapted copy has no folder of its own in which its dependencies could be found: they are loaded before it.
        foreach (string dependency in (string[])["c10", "torch_cpu", "torch"])
        {
            NativeLibrary.Load(dependency, torchSharp, searchPath: null);
        }

        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException e) when (e.Message.Contains(OlderLibstdcpp.Version, StringComparison.Ordinal))
        {
            return LoadFromMemory(OlderLibstdcpp.Adapt(File.ReadAllBytes(path)));
        }
    }

    // A file without a name: nothing is written to disk that another user could replace or that would have to be removed.
    private static nint LoadFromMemory(byte[] library)
    {
        const uint closeOnExec = 1;
        int descriptor = memfd_create("LibTorchSharp\0"u8.ToArray(), closeOnExec);
        if (descriptor < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        using SafeFileHandle memory = new(descriptor, ownsHandle: true);
        RandomAccess.Write(memory, library, fileOffset: 0);
        return NativeLibrary.Load($"/proc/self/fd/{descriptor}");
    }

    // In the order in which the runtime looks: where the host found native assets of packages, then beside the program.
    private static string? Find(string file) =>
        ((AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string)?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries) ?? [])
        .Append(AppContext.BaseDirectory)
        .Select(folder => Path.Combine(folder, file))
        .FirstOrDefault(File.Exists);

    [DllImport("libc", SetLastError = true, ExactSpelling = true)]
    private static extern int memfd_create(byte[] name, uint flags);
}
