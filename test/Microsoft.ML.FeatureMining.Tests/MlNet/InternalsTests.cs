using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Tests each internal member of ML.NET that Internals.cs uses. A failure after an update of ML.NET shows which one changed.</summary>
public sealed class InternalsTests
{
    [Fact]
    public void NonPublicMembers_UsedByTheLibrary_AreListed()
    {
        string[] used =
        [
            .. ForeignMembers().Where(IsHidden).Select(member => $"{member.DeclaringType!.Name}.{member.Name}").Distinct().Order(StringComparer.Ordinal),
        ];

        Assert.Equal(
            [
                "Column..ctor",
                "Column.GetTypeString",
                "ICancelable.get_IsCanceled",
                "IHostEnvironmentInternal.get_FallbackToCpu",
                "IHostEnvironmentInternal.get_GpuDeviceId",
                "IHostEnvironmentInternal.get_TempFilePath",
                "IInternalCatalog.get_Environment",
                "LoadableClassAttribute..ctor",
                "ModelLoadContext.CheckAtModel",
                "ModelLoadContext.LoadModel",
                "ModelLoadContext.Reader",
                "ModelLoadContext.TryLoadBinaryStream",
                "ModelLoadContext.TryLoadTextStream",
                "ModelSaveContext.CheckAtModel",
                "ModelSaveContext.SaveBinaryStream",
                "ModelSaveContext.SaveModel",
                "ModelSaveContext.SaveTextStream",
                "ModelSaveContext.SetVersionInfo",
                "ModelSaveContext.Writer",
                "SchemaShape.Create",
                "VersionInfo..ctor",
            ],
            used
        );
    }

    [Fact]
    public void TemporaryFilesOf_ACatalog_IsTheFolderOfItsContext()
    {
        Assert.Equal("elsewhere", Internals.TemporaryFilesOf(Internals.EnvironmentOf(new MLContext { TempFilePath = "elsewhere" }.Model)));
        Assert.Equal(Path.GetTempPath(), Internals.TemporaryFilesOf(Internals.EnvironmentOf(new MLContext().Model)));
    }

    [Fact]
    public void EnvironmentOf_AnyCatalog_LogsToTheContext()
    {
        MLContext ml = new();
        List<string> messages = [];
        ml.Log += (_, e) => messages.Add(e.RawMessage);

        foreach (object catalog in (object[])[ml.MulticlassClassification.Trainers, ml.Model, ml.Data])
        {
            using IChannel channel = Internals.EnvironmentOf(catalog).Start("Test");
            channel.Info(MessageSensitivity.None, "hello from a catalog");
        }

        Assert.Equal(3, messages.Count(message => message == "hello from a catalog"));
    }

    [Fact]
    public void RequestedDevice_AnyContext_ReturnsItsSettings()
    {
        MLContext ml = new() { GpuDeviceId = 3, FallbackToCpu = true };

        Assert.Equal((3, true), Internals.RequestedDevice(Internals.EnvironmentOf(ml.MulticlassClassification.Trainers)));

        (ml.GpuDeviceId, ml.FallbackToCpu) = (null, false);
        Assert.Equal((null, false), Internals.RequestedDevice(Internals.EnvironmentOf(ml.MulticlassClassification.Trainers)));
    }

    [Fact]
    public void IsCanceled_AfterTheContextWasCanceled_IsTrue()
    {
        MLContext ml = new();
        IHost host = Internals.EnvironmentOf(ml.MulticlassClassification.Trainers).Register("Test");
        Assert.False(Internals.IsCanceled(host));

        Cancel(ml);

        Assert.True(Internals.IsCanceled(host));
    }

    [Fact]
    public void CreateColumn_VectorAndKey_HaveMlNetsTypeNames()
    {
        SchemaShape.Column column = Internals.CreateColumn("Score", SchemaShape.Column.VectorKind.Vector, NumberDataViewType.Single);

        Assert.Equal("Vector<Single>", Internals.TypeName(column));
        Assert.Equal(
            "Key<UInt32>",
            Internals.TypeName(Internals.CreateColumn("Label", SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.UInt32, isKey: true))
        );
    }

    [Fact]
    public void ShapeOf_ASchema_HasItsColumns()
    {
        IDataView rows = new MLContext().Data.LoadFromEnumerable(Array.Empty<EncodedImage>());

        SchemaShape shape = Internals.ShapeOf(rows.Schema);

        Assert.Equal(rows.Schema.Select(column => column.Name), shape.Select(column => column.Name));
        Assert.True(shape.Single(column => column.Name == "Label").IsKey);
    }

    [Fact]
    public void Assembly_DeclaresTheLoaderOfEachTransformerOnce()
    {
        IEnumerable<object?> loaded = typeof(ImageClassificationTransformer)
            .Assembly.GetCustomAttributesData()
            .Where(data => data.AttributeType.Name == "LoadableClassAttribute")
            .Select(data => data.ConstructorArguments[0].Value);

        Assert.Equal([typeof(ImageClassificationTransformer), typeof(ImageEnsembleTransformer)], loaded);
    }

    /// <summary>Cancels a context as AutoML does when a trial times out.</summary>
    internal static void Cancel(MLContext ml) =>
        typeof(MLContext).GetMethod("CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic)!.Invoke(ml, null);

    private static IEnumerable<MemberInfo> ForeignMembers()
    {
        return new[] { typeof(Internals), typeof(ImageClassificationTransformer), typeof(OnnxImageClassifier) }
            .Select(type => type.Assembly)
            .SelectMany(ForeignMembers);
    }

    private static IEnumerable<MemberInfo> ForeignMembers(Assembly assembly)
    {
        using PEReader image = new(File.OpenRead(assembly.Location));
        MetadataReader metadata = image.GetMetadataReader();
        return
        [
            .. metadata
                .MemberReferences.Where(handle => metadata.GetMemberReference(handle).Parent.Kind == HandleKind.TypeReference)
                .Select(handle => assembly.ManifestModule.ResolveMember(MetadataTokens.GetToken(handle))!)
                .Where(member =>
                    member.DeclaringType?.Assembly.GetName().Name is { } name
                    && name.StartsWith("Microsoft.ML.", StringComparison.Ordinal)
                    && !name.StartsWith("Microsoft.ML.FeatureMining", StringComparison.Ordinal)
                ),
        ];
    }

    private static bool IsHidden(MemberInfo member) =>
        !member.DeclaringType!.IsVisible
        || member switch
        {
            MethodBase method => !method.IsPublic && !method.IsFamily,
            FieldInfo field => !field.IsPublic && !field.IsFamily,
            _ => false,
        };
}
