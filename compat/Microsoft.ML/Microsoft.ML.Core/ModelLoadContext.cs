using System.Reflection;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Where a component reads itself from.</summary>
internal sealed class ModelLoadContext : IDisposable
{
    public readonly RepositoryReader Repository;
    public readonly string Directory;
    public readonly BinaryReader Reader;
    public readonly string LoaderAssemblyName;

    private readonly ModelHeader _header;
    private readonly long _start;

    private ModelLoadContext(RepositoryReader repository, Stream main, string directory)
    {
        Repository = repository;
        Directory = directory;
        Reader = new BinaryReader(main, Encoding.UTF8, leaveOpen: true);
        _header = ModelHeader.Read(Reader);
        _start = main.Position;
        LoaderAssemblyName = _header.LoaderName;
    }

    public void Dispose() => Reader.Dispose();

    /// <summary>Loads what was saved under the path.</summary>
    public static void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, RepositoryReader repository, string directory, params object[] extra)
        where TRes : class
    {
        if (!LoadModelOrNull<TRes, TSig>(env, out result, repository, directory, extra))
            throw env.ExceptDecode("Corrupt model file");
    }

    /// <summary>As <see cref="LoadModel{TRes, TSig}(IHostEnvironment, out TRes, RepositoryReader, string, object[])"/>, or false where nothing was saved there.</summary>
    public static bool LoadModelOrNull<TRes, TSig>(IHostEnvironment env, out TRes result, RepositoryReader repository, string directory, params object[] extra)
        where TRes : class
    {
        result = null;
        using Stream main = repository.OpenEntryOrNull(directory, ModelSaveContext.MainStream);
        if (main is null)
            return false;
        using var context = new ModelLoadContext(repository, main, directory);
        result = context.Create<TSig>(env, extra) as TRes ?? throw env.ExceptDecode($"Couldn't load model: '{directory}'");
        Contracts.CheckDecode(main.Position == main.Length, "The component has not read all that it wrote");
        return true;
    }

    public void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, string name, params object[] extra)
        where TRes : class => LoadModel<TRes, TSig>(env, out result, Repository, Path.Combine(Directory ?? "", name), extra);

    public bool LoadModelOrNull<TRes, TSig>(IHostEnvironment env, out TRes result, string name, params object[] extra)
        where TRes : class => LoadModelOrNull<TRes, TSig>(env, out result, Repository, Path.Combine(Directory ?? "", name), extra);

    public void CheckAtModel() => Contracts.Check(Reader.BaseStream.Position == _start, "The component has read already");

    public void CheckAtModel(VersionInfo ver)
    {
        CheckAtModel();
        _header.Check(ver);
    }

    public bool TryLoadBinaryStream(string name, Action<BinaryReader> action)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        Contracts.CheckValue(action, nameof(action));
        using Stream entry = Repository.OpenEntryOrNull(Directory, name);
        if (entry is null)
            return false;
        using var reader = new BinaryReader(entry, Encoding.UTF8, leaveOpen: true);
        action(reader);
        return true;
    }

    public bool TryLoadTextStream(string name, Action<TextReader> action)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        Contracts.CheckValue(action, nameof(action));
        using Stream entry = Repository.OpenEntryOrNull(Directory, name);
        if (entry is null)
            return false;
        using var reader = new StreamReader(entry);
        action(reader);
        return true;
    }

    public string LoadStringOrNull() => Reader.ReadBoolean() ? Reader.ReadString() : null;

    public string LoadString() => LoadStringOrNull() ?? throw Contracts.ExceptDecode("A string is missing");

    public string LoadNonEmptyString()
    {
        string value = LoadString();
        Contracts.CheckDecode(value.Length > 0, "A string is empty");
        return value;
    }

    private object Create<TSig>(IHostEnvironment env, object[] extra)
    {
        if (LoaderAssemblyName.Length > 0)
            env.ComponentCatalog.RegisterAssembly(Assembly.Load(LoaderAssemblyName));
        env.ComponentCatalog.TryCreateInstance(env, typeof(TSig), _header.LoaderSignature, [this, .. extra], out object instance);
        return instance;
    }
}
