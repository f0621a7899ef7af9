using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.Runtime;

[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]

// Model.Load finds the loader by this attribute, in a process that has never heard of this assembly: the model names the assembly, ML.NET loads it and reads its attributes.
[assembly: LoadableClass(typeof(ImageClassificationTransformer), typeof(Internals), null, typeof(SignatureLoadModel), "", Internals.LoaderSignature)]
[assembly: LoadableClass(typeof(ImageEnsembleTransformer), typeof(ImageEnsembleTransformer), null, typeof(SignatureLoadModel), "", Internals.EnsembleLoaderSignature)]

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>
/// Everything of ML.NET that is internal there and used here: this file alone names it. The compiler sees publicized copies of the two assemblies
/// (build/Publicize), the runtime lets us in by <see cref="IgnoresAccessChecksToAttribute"/>. Each member is pinned by a test of InternalsTests.
/// </summary>
internal static class Internals
{
    public const string LoaderSignature = "FeatureMiningClassifier";
    public const string EnsembleLoaderSignature = "FeatureMiningEnsemble";

    private const int MaxMembers = 1000;

    private static readonly VersionInfo Version = VersionOf("FMIMAGES", LoaderSignature);
    private static readonly VersionInfo EnsembleVersion = VersionOf("FMENSEMB", EnsembleLoaderSignature);

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
        ArtifactManifest described = ArtifactManifest.FromJson(manifest!);
        NamedTensors? weights = null;
        if (!context.TryLoadBinaryStream(ModelArtifact.WeightsFile, reader => weights = Safetensors.Read(reader.BaseStream, entries => WeightBudget.Check(described, entries))))
            throw new InvalidDataException($"The model has no entry '{ModelArtifact.WeightsFile}'.");
        if (!context.Reader.ReadBytes(SHA256.HashSizeInBytes).AsSpan().SequenceEqual(Checksum(manifest!, weights!)))
            throw new InvalidDataException("The model is damaged: its manifest and weights are not those that were saved.");
        return new ImageClassificationTransformer(environment, new ModelArtifact(described, weights!), settings);
    }

    /// <summary>ModelSaveContext.SaveModel: writes the weights of an ensemble, and each member as the model that it is.</summary>
    public static void Save(ModelSaveContext context, IReadOnlyList<ImageClassificationTransformer> members, IReadOnlyList<double> weights)
    {
        context.CheckAtModel();
        context.SetVersionInfo(EnsembleVersion);
        context.Writer.Write(members.Count);
        for (int i = 0; i < members.Count; i++)
        {
            context.Writer.Write(weights[i]);
            context.SaveModel(members[i], MemberFolder(i));
        }
    }

    /// <summary>ModelLoadContext.LoadModel: reads what Save of an ensemble wrote.</summary>
    public static ImageEnsembleTransformer LoadEnsemble(IHostEnvironment environment, ModelLoadContext context)
    {
        context.CheckAtModel(EnsembleVersion);
        int count = context.Reader.ReadInt32();
        if (count is < 1 or > MaxMembers)
            throw new InvalidDataException($"The model is damaged: an ensemble has no {count} members.");
        List<ImageClassificationTransformer> members = [];
        List<double> weights = [];
        try
        {
            for (int i = 0; i < count; i++)
            {
                weights.Add(context.Reader.ReadDouble());
                context.LoadModel<ImageClassificationTransformer, SignatureLoadModel>(environment, out ImageClassificationTransformer member, MemberFolder(i));
                members.Add(member);
            }
            return new ImageEnsembleTransformer(members, weights);
        }
        catch (Exception e)
        {
            members.ForEach(member => member.Dispose());
            if (e is ArgumentException)
                throw new InvalidDataException($"The model is damaged: {e.Message}", e);
            throw;
        }
    }

    private static string MemberFolder(int index) => FormattableString.Invariant($"Member_{index:000}");

    private static VersionInfo VersionOf(string modelSignature, string loaderSignature) => new(
        modelSignature: modelSignature,
        verWrittenCur: 0x00010001,
        verReadableCur: 0x00010001,
        verWeCanReadBack: 0x00010001,
        // The simple name: a full one would refuse a model that a newer build of this assembly has written.
        loaderAssemblyName: typeof(Internals).Assembly.GetName().Name!,
        loaderSignature: loaderSignature);

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
