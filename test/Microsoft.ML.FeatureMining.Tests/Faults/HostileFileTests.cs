using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Runs;
using Xunit.Abstractions;

namespace Microsoft.ML.FeatureMining.Tests.Faults;

/// <summary>
/// Damaged and malicious files: each either loads or is rejected with an exception, allocates a bounded amount of memory, and writes nothing. The process
/// survives all of them.
/// </summary>
[Trait("Category", "Faults")]
[Collection(TrainedModelCollection.Name)]
public sealed class HostileFileTests(TrainedModel trained, ITestOutputHelper output) : IDisposable
{
    // The exceptions that ML.NET's and our readers throw for invalid input; not those of bugs, and not OutOfMemoryException.
    private static readonly Type[] ExpectedExceptions =
    [
        typeof(InvalidDataException),
        typeof(IOException),
        typeof(FormatException),
        typeof(InvalidOperationException),
        typeof(ArgumentException),
        typeof(NotSupportedException),
        typeof(System.Reflection.TargetInvocationException),
        typeof(UnauthorizedAccessException),
        typeof(NewerFormatException),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("hostile-file-tests-").FullName;

    [Theory]
    [InlineData("manifest.json")]
    [InlineData("weights.safetensors")]
    public void LoadImageModel_Mutated_LoadsOrThrows(string name)
    {
        string folder = Path.Combine(_folder, "model");
        trained.Context.Model.ExportImageModel(trained.Transformer, folder);
        string file = Path.Combine(folder, name);
        byte[] whole = File.ReadAllBytes(file);

        Try(
            whole,
            TestLength.Of(300, 15_000),
            mutated =>
            {
                File.WriteAllBytes(file, mutated);
                using ImageClassificationTransformer model = new MLContext().Model.LoadImageModel(folder);
                model.Transform(trained.Loaded).GetColumn<float[]>("Score").First();
            }
        );

        Assert.Equal(["manifest.json", "weights.safetensors"], Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Load_MutatedZip_LoadsOrThrows()
    {
        string file = Path.Combine(_folder, "model.zip");
        trained.Context.Model.Save(trained.Model, trained.Rows.Schema, file);

        Try(
            File.ReadAllBytes(file),
            TestLength.Of(200, 10_000),
            mutated =>
            {
                File.WriteAllBytes(file, mutated);
                ITransformer model = new MLContext().Model.Load(file, out _);
                model.Transform(trained.Rows).GetColumn<float[]>("Score").First();
            }
        );

        Assert.Equal([file], Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Load_MutatedZipEntry_LoadsOrThrows(bool ensemble)
    {
        string file = Path.Combine(_folder, "model.zip");
        trained.Context.Model.Save(
            ensemble ? trained.Context.MulticlassClassification.Ensemble([trained.Model, trained.Model], [3, 1]) : trained.Model,
            trained.Rows.Schema,
            file
        );
        Dictionary<string, byte[]> entries = Entries(file);
        RandomStream random = new(5, "entries");
        string name = "";
        string manifest = entries.Keys.First(key => key.EndsWith("manifest.json", StringComparison.Ordinal));
        string own = string.Join('/', manifest.Split('/')[..2]);

        // The damage is inside an entry, so that the zip's own checks pass and the code after them runs.
        Try(
            [],
            TestLength.Of(200, 10_000),
            _ =>
            {
                name = entries.Keys.ElementAt(random.NextInt(entries.Count));
                WriteZip(file, entries.Select(entry => (entry.Key, entry.Key == name ? Mutation.Of(entry.Value, random) : entry.Value)));
                ITransformer model = new MLContext().Model.Load(file, out DataViewSchema _);
                model.Transform(trained.Rows).GetColumn<float[]>("Score").First();
            },
            // ML.NET's own steps allocate what a damaged length says; MapValueToKey took 1 GiB.
            () => name.StartsWith(own, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Load_EntriesWithPathTraversal_WriteNothing()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "inner")).FullName;
        string file = Path.Combine(folder, "model.zip");
        trained.Context.Model.Save(trained.Model, trained.Rows.Schema, file);
        Dictionary<string, byte[]> entries = Entries(file);
        string[] before = Directory.GetFileSystemEntries(_folder, "*", SearchOption.AllDirectories);

        WriteZip(file, [.. entries.Select(entry => (entry.Key, entry.Value)), ("../evil", [1]), ("/tmp/mlnetfm-evil", [1]), ("..\\evil", [1])]);
        Record.Exception(() => new MLContext().Model.Load(file, out _));
        WriteZip(file, entries.Select(entry => ("../" + entry.Key, entry.Value)));
        Record.Exception(() => new MLContext().Model.Load(file, out _));

        Assert.Equal(before, Directory.GetFileSystemEntries(_folder, "*", SearchOption.AllDirectories));
        Assert.False(File.Exists("/tmp/mlnetfm-evil"));
    }

    [Fact]
    public void Checkpoint_MutatedWithValidHash_LoadsOrThrows()
    {
        MemoryStore store = new();
        TrainingRecipe recipe = TinyRun.Recipe with { Epochs = 1 };
        TinyRun.Fit(recipe, checkpoints: store);
        const int HashAt = 12,
            BodyAt = 44;

        Try(
            store.Bytes!,
            TestLength.Of(200, 15_000),
            mutated =>
            {
                if (mutated.Length > BodyAt)
                {
                    SHA256.HashData(mutated.AsSpan(BodyAt)).CopyTo(mutated, HashAt);
                }

                MemoryStore hostile = new() { Bytes = mutated };
                TinyRun.Fit(recipe, checkpoints: hostile, canceled: () => true);
            }
        );
    }

    [Theory]
    [InlineData(300_000_000L)]
    [InlineData(2_000_000_000L)]
    public void Load_ZipBomb_ThrowsBeforeAllocating(long bytes)
    {
        string file = Path.Combine(_folder, "bomb.zip");
        trained.Context.Model.Save(trained.Transformer, trained.Loaded.Schema, file);
        ZipBomb.Make(file, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Exception? error = Record.Exception(() => new MLContext().Model.Load(file, out _));

        Assert.Contains($"declare {bytes} bytes, more than cifar-resnet-8", error?.ToString() ?? "", StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
        Assert.InRange(new FileInfo(file).Length, 0, 5_000_000);
    }

    [Fact]
    public void Load_ManifestThatUnpacksToMuchMore_ThrowsAfterAPart()
    {
        string file = Path.Combine(_folder, "bomb.zip");
        trained.Context.Model.Save(trained.Transformer, trained.Loaded.Schema, file);
        Dictionary<string, byte[]> entries = Entries(file);
        using (ZipArchive zip = ZipFile.Open(file, ZipArchiveMode.Update))
        {
            ZipArchiveEntry manifest = zip.Entries.Single(entry => entry.Name == "manifest.json");
            string name = manifest.FullName;
            manifest.Delete();
            using Stream stream = zip.CreateEntry(name, CompressionLevel.Optimal).Open();
            byte[] blanks = new byte[1 << 20];
            blanks.AsSpan().Fill((byte)' ');
            for (int i = 0; i < 80; i++)
            {
                stream.Write(blanks);
            }

            stream.Write(entries[name]);
        }

        Exception? error = Record.Exception(() => new MLContext().Model.Load(file, out _));

        Assert.Contains("'manifest.json' is longer than", error?.ToString() ?? "", StringComparison.Ordinal);
        Assert.InRange(new FileInfo(file).Length, 0, 1_000_000);
    }

    [Fact]
    public void Hierarchy_Mutated_LoadsOrThrows()
    {
        byte[] whole = Encoding.UTF8.GetBytes("((0,1),((2,3),(4,'5')),(6,7,8));");

        Try(whole, TestLength.Of(2000, 50_000), mutated => ClassHierarchy.Parse(Encoding.UTF8.GetString(mutated)));
    }

    [Fact]
    public void Files_NestedTooDeeply_Throw()
    {
        string deep = new('[', 200_000);

        string open = new('(', 1_000_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (string[]? names in new[] { null, new[] { "a", "b" } })
        {
            string problem = Assert.Throws<FormatException>(() => ClassHierarchy.Parse(open, names)).Message;
            Assert.Contains("more inner nodes", problem, StringComparison.Ordinal);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Throws<InvalidDataException>(() => ModelManifest.FromJson(deep));
        Assert.Throws<InvalidDataException>(() => ModelManifest.FromJson($$"""{"recipe":{{deep}}"""));
        byte[] header = Encoding.UTF8.GetBytes($$"""{"__metadata__":{{deep}}""");
        Assert.Throws<InvalidDataException>(() => Safetensors.Read(new MemoryStream([.. BitConverter.GetBytes((long)header.Length), .. header])));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Try(byte[] whole, int times, Action<byte[]> load, Func<bool>? isOwn = null)
    {
        RandomStream random = new(3, "mutations");
        (int loaded, long most) = (0, 0);
        Dictionary<string, int> rejected = [];
        for (int i = 0; i < times; i++)
        {
            byte[] mutated = Mutation.Of(whole, random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                load(mutated);
                loaded++;
            }
            catch (Exception e) when (ExpectedExceptions.Any(type => type.IsInstanceOfType(e)) || e is ImageDecodeException)
            {
                Assert.False(string.IsNullOrWhiteSpace(e.Message));
                string name = e.GetType().Name;
                rejected[name] = rejected.GetValueOrDefault(name) + 1;
            }

            if (isOwn?.Invoke() ?? true)
            {
                most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }

        output.WriteLine(
            $"{times} tried: {loaded} loaded; rejected: {string.Join(", ", rejected.Select(entry => $"{entry.Value} {entry.Key}"))}; "
                + $"at most {most >> 20} MiB allocated"
        );
        Assert.True(most < 512 << 20, $"{most >> 20} MiB were allocated.");
    }

    private static Dictionary<string, byte[]> Entries(string file)
    {
        using ZipArchive zip = ZipFile.OpenRead(file);
        return zip.Entries.ToDictionary(
            entry => entry.FullName,
            entry =>
            {
                using Stream stream = entry.Open();
                using MemoryStream copy = new();
                stream.CopyTo(copy);
                return copy.ToArray();
            }
        );
    }

    private static void WriteZip(string file, IEnumerable<(string Name, byte[] Content)> entries)
    {
        using FileStream stream = File.Create(file);
        using ZipArchive zip = new(stream, ZipArchiveMode.Create);
        foreach ((string name, byte[] content) in entries)
        {
            using Stream entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
            entry.Write(content);
        }
    }
}
