using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.Runtime;

[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]

// Model.Load finds the loader by this attribute, in a process that has never heard of this assembly: the model names the assembly, ML.NET loads it and reads its attributes.
[assembly: LoadableClass(typeof(ImageClassificationTransformer), typeof(Internals), null, typeof(SignatureLoadModel), "", Internals.LoaderSignature)]

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>
/// Everything of ML.NET that is internal there and used here: this file alone names it. The compiler sees publicized copies of the two assemblies
/// (build/Publicize), the runtime lets us in by <see cref="IgnoresAccessChecksToAttribute"/>. Each member is pinned by a test of InternalsTests.
/// </summary>
internal static class Internals
{
    public const string LoaderSignature = "FeatureMiningClassifier";

    private static readonly VersionInfo Version = new(
        modelSignature: "FMIMAGES",
        verWrittenCur: 0x00010001,
        verReadableCur: 0x00010001,
        verWeCanReadBack: 0x00010001,
        // The simple name: a full one would refuse a model that a newer build of this assembly has written.
        loaderAssemblyName: typeof(Internals).Assembly.GetName().Name!,
        loaderSignature: LoaderSignature);

    /// <summary>IInternalCatalog.Environment: a catalog extension has no other way to its context's log, seed and device.</summary>
    public static IHostEnvironment EnvironmentOf(object catalog) => ((IInternalCatalog)catalog).Environment;

    /// <summary>IHostEnvironmentInternal.GpuDeviceId and FallbackToCpu: public on MLContext, internal on the environment that a trainer is given.</summary>
    public static (int? GpuDeviceId, bool FallbackToCpu) DeviceWish(IHostEnvironment environment) =>
        environment is IHostEnvironmentInternal wish ? (wish.GpuDeviceId, wish.FallbackToCpu) : (null, true);

    /// <summary>ICancelable.IsCanceled: AutoML ends a trial by cancelling its context, and official trainers poll this.</summary>
    public static bool IsCancelled(IHost host) => ((ICancelable)host).IsCanceled;

    /// <summary>SchemaShape.Create: what Fit checks its input by, so that Fit and GetOutputSchema cannot disagree.</summary>
    public static SchemaShape ShapeOf(DataViewSchema schema) => SchemaShape.Create(schema);

    /// <summary>SchemaShape.Column's constructor: the only way to promise a column.</summary>
    public static SchemaShape.Column Promise(
        string name, SchemaShape.Column.VectorKind kind, DataViewType itemType, bool isKey = false, params SchemaShape.Column[] annotations) =>
        new(name, kind, itemType, isKey, new SchemaShape(annotations));

    /// <summary>SchemaShape.Column.GetTypeString: the type as ML.NET's own messages spell it.</summary>
    public static string TypeName(SchemaShape.Column column) => column.GetTypeString();

    /// <summary>ModelSaveContext: writes the header by which Model.Load finds <see cref="Create"/>, our few fields, and the artifact as two entries of the model's zip.</summary>
    public static void Save(ModelSaveContext context, ScoringSettings settings, ModelArtifact artifact)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version);
        settings.Write(context.Writer);
        string manifest = artifact.Manifest.ToJson();
        context.SaveTextStream(ModelArtifact.ManifestFile, writer => writer.Write(manifest));
        context.SaveBinaryStream(ModelArtifact.WeightsFile, writer => Safetensors.Write(artifact.Weights, writer.BaseStream));
        context.Writer.Write(Checksum(manifest, artifact.Weights));
    }

    /// <summary>ModelLoadContext: ML.NET calls this method, by its name, its return type and these parameters, when it loads a model.</summary>
    public static ImageClassificationTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        context.CheckAtModel(Version);
        ScoringSettings settings = ScoringSettings.Read(context.Reader);
        string? manifest = null;
        if (!context.TryLoadTextStream(ModelArtifact.ManifestFile, reader => manifest = reader.ReadToEnd()))
            throw new InvalidDataException($"The model has no entry '{ModelArtifact.ManifestFile}'.");
        NamedTensors? weights = null;
        if (!context.TryLoadBinaryStream(ModelArtifact.WeightsFile, reader => weights = Safetensors.Read(reader.BaseStream)))
            throw new InvalidDataException($"The model has no entry '{ModelArtifact.WeightsFile}'.");
        if (!context.Reader.ReadBytes(SHA256.HashSizeInBytes).AsSpan().SequenceEqual(Checksum(manifest!, weights!)))
            throw new InvalidDataException("The model is damaged: its manifest and weights are not those that were saved.");
        return new ImageClassificationTransformer(environment, new ModelArtifact(ArtifactManifest.FromJson(manifest!), weights!), settings);
    }

    // A zip's own checksums are not looked at when .NET reads one, and a network with a few wrong weights would go on giving answers.
    private static byte[] Checksum(string manifest, NamedTensors weights)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(manifest));
        foreach (NamedTensor tensor in weights.Tensors)
            hash.AppendData(tensor.Bytes);
        return hash.GetHashAndReset();
    }
}
