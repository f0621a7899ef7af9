using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>
/// All uses of ML.NET's internal members, except LoadableClassAttribute, which each assembly with loaders applies. The compiler sees publicized copies of the
/// two assemblies (build/Publicize); at run time, <see cref="IgnoresAccessChecksToAttribute"/> gives access. InternalsTests has a test for each member.
/// </summary>
internal static class Internals
{
    // No manifest is as long.
    private const int MaxTextLength = 64 << 20;

    /// <summary>IInternalCatalog.Environment: the only way for a catalog extension to get the log, seed and device of its context.</summary>
    public static IHostEnvironment EnvironmentOf(object catalog) => ((IInternalCatalog)catalog).Environment;

    /// <summary>IHostEnvironmentInternal.GpuDeviceId and FallbackToCpu: public on MLContext, internal on the environment that a trainer gets.</summary>
    public static (int? GpuDeviceId, bool FallbackToCpu) RequestedDevice(IHostEnvironment environment) =>
        environment is IHostEnvironmentInternal host ? (host.GpuDeviceId, host.FallbackToCpu) : (null, true);

    /// <summary>
    /// IHostEnvironmentInternal.TempFilePath: the folder where ML.NET makes temporary files; public on MLContext, which a catalog does not show.
    /// </summary>
    /// <param name="environment">The environment of a catalog.</param>
    public static string TemporaryFilesOf(IHostEnvironment environment) =>
        environment is IHostEnvironmentInternal { TempFilePath: { Length: > 0 } folder } ? folder : Path.GetTempPath();

    /// <summary>ICancelable.IsCanceled: AutoML ends a trial by canceling its context, and official trainers poll this.</summary>
    public static bool IsCanceled(IHost host) => ((ICancelable)host).IsCanceled;

    /// <summary>SchemaShape.Create: lets Fit check its input with GetOutputSchema.</summary>
    public static SchemaShape ShapeOf(DataViewSchema schema) => SchemaShape.Create(schema);

    /// <summary>SchemaShape.Column's constructor: the only way to add a column to a SchemaShape.</summary>
    public static SchemaShape.Column CreateColumn(
        string name,
        SchemaShape.Column.VectorKind kind,
        DataViewType itemType,
        bool isKey = false,
        params SchemaShape.Column[] annotations
    ) => new(name, kind, itemType, isKey, new SchemaShape(annotations));

    /// <summary>SchemaShape.Column.GetTypeString: the type's name in ML.NET's own messages.</summary>
    public static string TypeName(SchemaShape.Column column) => column.GetTypeString();

    /// <summary>ModelSaveContext.CheckAtModel, SetVersionInfo and Writer: writes the header that Model.Load uses to find the loader.</summary>
    /// <returns>A writer for the fields after the header.</returns>
    public static BinaryWriter Begin<TLoader>(ModelSaveContext context, string modelSignature, string loaderSignature)
    {
        context.CheckAtModel();
        context.SetVersionInfo(VersionOf<TLoader>(modelSignature, loaderSignature));
        return context.Writer;
    }

    /// <summary>ModelLoadContext.CheckAtModel and Reader: checks the header.</summary>
    /// <returns>A reader for the fields after the header.</returns>
    public static BinaryReader Begin<TLoader>(ModelLoadContext context, string modelSignature, string loaderSignature)
    {
        context.CheckAtModel(VersionOf<TLoader>(modelSignature, loaderSignature));
        return context.Reader;
    }

    /// <summary>ModelSaveContext.SaveTextStream: an entry of the model's zip.</summary>
    public static void SaveText(ModelSaveContext context, string entry, string text) => context.SaveTextStream(entry, writer => writer.Write(text));

    /// <summary>ModelLoadContext.TryLoadTextStream.</summary>
    /// <exception cref="InvalidDataException">The model has no such entry, or a small file unpacks to a huge one.</exception>
    public static string LoadText(ModelLoadContext context, string entry)
    {
        StringBuilder text = new();
        return context.TryLoadTextStream(entry, Read) ? text.ToString() : throw Missing(entry);

        void Read(TextReader reader)
        {
            char[] buffer = new char[1 << 16];
            while (reader.Read(buffer) is > 0 and var read)
            {
                if (text.Append(buffer, 0, read).Length > MaxTextLength)
                {
                    throw new InvalidDataException($"The entry '{entry}' is longer than {MaxTextLength} characters; the file is damaged.");
                }
            }
        }
    }

    /// <summary>ModelSaveContext.SaveBinaryStream: an entry of the model's zip.</summary>
    public static void SaveBinary(ModelSaveContext context, string entry, Action<Stream> write) =>
        context.SaveBinaryStream(entry, writer => write(writer.BaseStream));

    /// <summary>ModelLoadContext.TryLoadBinaryStream.</summary>
    /// <exception cref="InvalidDataException">The model has no such entry.</exception>
    public static T LoadBinary<T>(ModelLoadContext context, string entry, Func<Stream, T> read)
    {
        T value = default!;
        return context.TryLoadBinaryStream(entry, reader => value = read(reader.BaseStream)) ? value : throw Missing(entry);
    }

    /// <summary>ModelSaveContext.SaveModel: a model within a model.</summary>
    public static void SaveModel(ModelSaveContext context, ICanSaveModel model, string folder) => context.SaveModel(model, folder);

    /// <summary>ModelLoadContext.LoadModel: a model within a model.</summary>
    public static T LoadModel<T>(IHostEnvironment environment, ModelLoadContext context, string folder)
        where T : class
    {
        context.LoadModel<T, SignatureLoadModel>(environment, out T model, folder);
        return model;
    }

    private static InvalidDataException Missing(string entry) =>
        new($"The model file has no entry '{entry}'; it is damaged or is not a model of this library.");

    private static VersionInfo VersionOf<TLoader>(string modelSignature, string loaderSignature) =>
        new(
            modelSignature: modelSignature,
            verWrittenCur: 0x00010001,
            verReadableCur: 0x00010001,
            verWeCanReadBack: 0x00010001,
            // The simple name: with the full name, models written by a newer build of this assembly would not load.
            loaderAssemblyName: typeof(TLoader).Assembly.GetName().Name!,
            loaderSignature: loaderSignature
        );
}
