using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>
/// Where a component writes itself: a main stream, and further streams and components by name. The main stream is kept in memory until the
/// component is done, because a zip archive takes one entry at a time.
/// </summary>
public sealed class ModelSaveContext : IDisposable
{
    internal const string MainStream = "Model.key";

    internal readonly RepositoryWriter Repository;
    internal readonly string Directory;
    internal readonly BinaryWriter Writer;

    private readonly MemoryStream _main = new();
    private VersionInfo? _version;

    internal ModelSaveContext(RepositoryWriter repository, string directory)
    {
        Repository = repository;
        Directory = directory;
        Writer = new BinaryWriter(_main, Encoding.UTF8, leaveOpen: true);
    }

    public void Dispose() => Writer.Dispose();

    /// <summary>Saves a component under a path of its own; nothing for null.</summary>
    internal static void SaveModel<T>(RepositoryWriter repository, T value, string path)
        where T : class
    {
        if (value is not ICanSaveModel model)
            return;
        using var context = new ModelSaveContext(repository, path);
        model.Save(context);
        context.Done();
    }

    internal void SaveModel<T>(T value, string name)
        where T : class => SaveModel(Repository, value, Path.Combine(Directory ?? "", name));

    internal void CheckAtModel() => Contracts.Check(_main.Position == 0, "The component has written already");

    internal void SetVersionInfo(VersionInfo ver) => _version = ver;

    internal void SaveBinaryStream(string name, Action<BinaryWriter> action)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        Contracts.CheckValue(action, nameof(action));
        using Stream entry = Repository.CreateEntry(Directory, name);
        using var writer = new BinaryWriter(entry, Encoding.UTF8, leaveOpen: true);
        action(writer);
    }

    internal void SaveTextStream(string name, Action<TextWriter> action)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        Contracts.CheckValue(action, nameof(action));
        using Stream entry = Repository.CreateEntry(Directory, name);
        using var writer = new StreamWriter(entry);
        action(writer);
    }

    internal void SaveString(string str)
    {
        Contracts.CheckValue(str, nameof(str));
        SaveStringOrNull(str);
    }

    internal void SaveNonEmptyString(string str) => SaveStringOrNull(Contracts.CheckNonEmpty(str, nameof(str)));

    internal void SaveStringOrNull(string str)
    {
        Writer.Write(str is not null);
        if (str is not null)
            Writer.Write(str);
    }

    internal void Done()
    {
        VersionInfo version = _version ?? throw Contracts.Except("ModelSignature not specified!");
        using Stream entry = Repository.CreateEntry(Directory, MainStream);
        using var writer = new BinaryWriter(entry, Encoding.UTF8, leaveOpen: true);
        new ModelHeader(
            version.ModelSignature, version.VerWrittenCur, version.VerReadableCur, version.LoaderAssemblyName ?? "", version.LoaderSignature ?? "").Write(writer);
        Writer.Flush();
        writer.Write(_main.GetBuffer(), 0, (int)_main.Length);
    }
}
