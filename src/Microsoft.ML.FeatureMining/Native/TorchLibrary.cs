using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Microsoft.Win32.SafeHandles;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.Native;

/// <summary>Loads TorchSharp's native library, also on older Linux systems. If it cannot be loaded, the error says what is missing.</summary>
internal static class TorchLibrary
{
    private const string Name = "LibTorchSharp";
    private const string FileName = "libLibTorchSharp.so";

    private static readonly Lock Gate = new();
    private static nint _adapted;
    private static string? _failure;

    /// <summary>Prepares the process for libtorch, and makes TorchSharp load an adapted copy of its library if the original does not load.</summary>
#pragma warning disable CA2255 // The handler must be installed before TorchSharp is first used, and user code may use it before this library.
    [ModuleInitializer]
#pragma warning restore CA2255
    public static void Register()
    {
        OpenMPDefaults.Set();
        if (OperatingSystem.IsLinux())
        {
            AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(typeof(TorchLibrary).Assembly) ?? AssemblyLoadContext.Default;
            context.ResolvingUnmanagedDll += (assembly, name) => name == Name ? LoadAdapted(assembly) : 0;
        }
    }

    /// <summary>
    /// Call it before the first use of TorchSharp: if its native library does not load, TorchSharp writes to the console and reports a wrong cause.
    /// </summary>
    /// <exception cref="DllNotFoundException">The library cannot be loaded. The message has the file, the cause, and what to do.</exception>
    public static void EnsureLoaded()
    {
        Assembly torchSharp = typeof(torch).Assembly;
        // In a notebook or script, TorchSharp.dll is in its package folder, and TorchSharp collects its native files from other packages.
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
        string file =
            OperatingSystem.IsWindows() ? $"{library}.dll"
            : OperatingSystem.IsMacOS() ? $"lib{library}.dylib"
            : $"lib{library}.so";
        string problem = $"{file} was not found in the native library folders of the program.";
        if (Find(file) is { } path)
        {
            try
            {
                NativeLibrary.Load(path); // throws with the cause
                problem = "the library loads by its path but not by its name.";
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                problem = _failure ?? $"{path}: {Cause(e.Message)}";
            }
        }

        return $"""
            Cannot load {library}, the native code of TorchSharp {version}, on {RuntimeInformation.OSDescription} ({RuntimeInformation.RuntimeIdentifier}).
            Missing: {problem.ReplaceLineEndings(" ").Trim()}
            What to do: add the package TorchSharp-cpu {version} (or TorchSharp-cuda-linux, TorchSharp-cuda-windows, same version) to the program's project. Linux needs glibc 2.34 and the libstdc++ of GCC 12 or later (Debian 12, Ubuntu 22.04).
            """;
    }

    // The first line of the runtime's message is general advice; the message of the native loader follows.
    private static string Cause(string message) => message.Split('\n', 2) is [_, string loader] && !string.IsNullOrWhiteSpace(loader) ? loader : message;

    // Never freed: TorchSharp's P/Invokes are bound to the handle.
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
                catch (Exception e)
                    when (e
                            is DllNotFoundException
                                or NotSupportedException
                                or IOException
                                or UnauthorizedAccessException
                                or Win32Exception
                                or EntryPointNotFoundException
                    )
                {
                    _failure = $"{path}: {Cause(e.Message)}";
                }
            }

            return _adapted;
        }
    }

    private static nint LoadAdapted(string path, Assembly torchSharp)
    {
        // The in-memory copy has no folder to search for dependencies, so they are loaded first.
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

    // An anonymous file in memory: nothing on disk that another user could replace or that needs cleanup.
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

    // In the search order of the runtime: native assets of packages, then the program's folder.
    private static string? Find(string file) =>
        ((AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string)?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries) ?? [])
            .Append(AppContext.BaseDirectory)
            .Select(folder => Path.Combine(folder, file))
            .FirstOrDefault(File.Exists);

    [DllImport("libc", SetLastError = true, ExactSpelling = true)]
    private static extern int memfd_create(byte[] name, uint flags);
}
