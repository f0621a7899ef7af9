using System.Reflection;
using Microsoft.ML;

namespace MlNet.Behaviour.Tests;

/// <summary>
/// Saves and loads a third party's transformer. What ML.NET keeps internal is reached by reflection, and the class is registered through an
/// assembly object that carries the attribute which a real third party has in its metadata.
/// </summary>
internal static class CentroidFormat
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly Assembly _core = typeof(ITransformer).Assembly;
    private static readonly Type _versionInfo = _core.GetType("Microsoft.ML.VersionInfo", true);

    private static object Version => Activator.CreateInstance(
        _versionInfo, "CENTROID", 0x00010001u, 0x00010001u, 0x00010001u, typeof(CentroidFormat).Assembly.GetName().Name, "CentroidLoader", null);

    public static void Register(MLContext ml) => ml.ComponentCatalog.RegisterAssembly(new Shim());

    public static void Save(ModelSaveContext ctx, string features, float[][] centroids, string[] names)
    {
        Call(ctx, "CheckAtModel");
        Call(ctx, "SetVersionInfo", Version);
        Call(ctx, "SaveNonEmptyString", features);
        Action<BinaryWriter> write = writer =>
        {
            writer.Write(centroids.Length);
            writer.Write(centroids[0].Length);
            foreach (float value in centroids.SelectMany(c => c))
                writer.Write(value);
            foreach (string name in names)
                writer.Write(name);
        };
        Call(ctx, "SaveBinaryStream", "centroids.bin", write);
    }

    public static CentroidTransformer Load(object ctx)
    {
        Call(ctx, "CheckAtModel", Version);
        var features = (string)Call(ctx, "LoadNonEmptyString");
        float[][] centroids = null;
        string[] names = null;
        Action<BinaryReader> read = reader =>
        {
            centroids = new float[reader.ReadInt32()][];
            int size = reader.ReadInt32();
            for (int c = 0; c < centroids.Length; c++)
                centroids[c] = [.. Enumerable.Range(0, size).Select(_ => reader.ReadSingle())];
            names = [.. centroids.Select(_ => reader.ReadString())];
        };
        Assert.Equal(true, Call(ctx, "TryLoadBinaryStream", "centroids.bin", read));
        Assert.Equal(false, Call(ctx, "TryLoadBinaryStream", "nothing.bin", read));
        return new CentroidTransformer(features, centroids, names);
    }

    private static object Call(object target, string method, params object[] args)
        => target.GetType().GetMethod(method, Any, [.. args.Select(a => a.GetType())])
            .Invoke(target, BindingFlags.DoNotWrapExceptions, null, args, null);

    private sealed class Shim : Assembly
    {
        public override string FullName => "CentroidShim, Version=1.0.0.0";

        public override AssemblyName GetName() => new("CentroidShim") { Version = new Version(1, 0) };

        public override Type[] GetTypes() => [];

        public override object[] GetCustomAttributes(Type attributeType, bool inherit)
        {
            Type attribute = _core.GetType("Microsoft.ML.LoadableClassAttribute", true);
            Type signature = _core.GetType("Microsoft.ML.SignatureLoadModel", true);
            var typed = Array.CreateInstance(attributeType, attributeType.IsAssignableFrom(attribute) ? 1 : 0);
            if (typed.Length > 0)
            {
                ConstructorInfo constructor = attribute.GetConstructor([typeof(Type), typeof(Type), typeof(Type), typeof(Type), typeof(string), typeof(string[])]);
                typed.SetValue(
                    constructor.Invoke([typeof(CentroidTransformer), typeof(CentroidTransformer), null, signature, "", new[] { "CentroidLoader" }]), 0);
            }

            return (object[])typed;
        }
    }
}
