using System.Text.Json;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Runs;

namespace Microsoft.ML.FeatureMining.Tests.Training.Runs;

/// <summary>A run's folder: checkpoints, logs and lock, also if files are damaged, locked or deleted.</summary>
public sealed class WorkspaceTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("workspace-tests-").FullName;
    private readonly List<string> _warnings = [];

    [Fact]
    public void Save_MoreThanKept_KeepsTheNewest()
    {
        using Workspace workspace = Open();

        for (int step = 1; step <= 5; step++)
        {
            workspace.Save(At(epoch: 1, step));
        }

        Assert.Equal(["checkpoint-000001-000000005.ckpt", "checkpoint-000001-000000004.ckpt"], Checkpoints(workspace));
        Assert.Equal(5, workspace.Load(_ => { })!.Position.Step);
    }

    // As after a kill between writing a checkpoint and deleting the oldest one.
    [Fact]
    public void Load_MoreThanKept_DeletesTheOldest()
    {
        using Workspace workspace = Open();
        workspace.Save(At(epoch: 1, 1));
        string oldest = Path.Combine(workspace.Folder, Checkpoints(workspace).Single());
        byte[] bytes = File.ReadAllBytes(oldest);
        workspace.Save(At(epoch: 1, 2));
        workspace.Save(At(epoch: 1, 3));
        File.WriteAllBytes(oldest, bytes);

        Assert.Equal(3, workspace.Load(_ => { })!.Position.Step);

        Assert.Equal(["checkpoint-000001-000000003.ckpt", "checkpoint-000001-000000002.ckpt"], Checkpoints(workspace));
    }

    [Fact]
    public void Save_AfterARollback_DeletesLaterCheckpoints()
    {
        using Workspace workspace = Open();
        workspace.Save(At(epoch: 2, step: 0));
        workspace.Save(At(epoch: 3, step: 0));

        workspace.Save(At(epoch: 2, step: 1));

        Assert.Equal((2, 1), (workspace.Load(_ => { })!.Position.Epoch, workspace.Load(_ => { })!.Position.Step));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(-1)]
    public void Load_NewestDamaged_LoadsThePreviousOneAndWarns(int length)
    {
        using Workspace workspace = Open();
        workspace.Save(At(epoch: 1, step: 0));
        workspace.Save(At(epoch: 2, step: 0));
        string newest = Path.Combine(workspace.Folder, Checkpoints(workspace)[0]);
        byte[] bytes = File.ReadAllBytes(newest);
        bytes[^1] ^= 1;
        File.WriteAllBytes(newest, length < 0 ? bytes : bytes[..length]);

        RunSnapshot? state = workspace.Load(_ => { });

        Assert.Equal(1, state!.Position.Epoch);
        Assert.StartsWith($"Skipping the damaged checkpoint '{newest}'; trying the previous one. ", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.True(File.Exists(newest + ".damaged"));
    }

    [Fact]
    public void Load_NewestHasNewerFormat_ThrowsAndKeepsIt()
    {
        using Workspace workspace = Open();
        workspace.Save(At(epoch: 1, step: 0));
        string file = Path.Combine(workspace.Folder, Checkpoints(workspace)[0]);
        byte[] bytes = File.ReadAllBytes(file);
        bytes[8] = 2;
        File.WriteAllBytes(file, bytes);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => workspace.Load(_ => { }));

        Assert.Equal(
            $"Cannot read the checkpoint '{file}'. Its format version is 2, but this library reads versions up to 1. " + "Update the library.",
            error.Message
        );
        Assert.True(File.Exists(file));
    }

    public static TheoryData<string> Damages =>
        [
            "NaN in a weight",
            "infinity in the optimizer",
            "missing weight",
            "unknown weight",
            "weight of another shape",
            "weight of another type",
            "two weights with the same name",
            "best weights missing",
            "NaN in the best weights",
            "order out of range",
            "order too short",
            "no order in the middle of an epoch",
            "epoch beyond the last",
            "negative step",
            "step beyond the last",
            "metrics of fewer epochs",
            "best epoch in the future",
            "loss is NaN",
            "more hits than images",
            "learning rate factor 0",
            "random stream of zeros",
        ];

    [Theory]
    [MemberData(nameof(Damages))]
    public void Fit_ContentDamagedUnderARightHash_ResumesFromTheOneBeforeBitIdentically(string damage)
    {
        TrainingRecipe recipe = TinyRun.Recipe with { Epochs = 3, KeepWeights = KeepWeights.Best };
        Microsoft.ML.FeatureMining.Pixels.ImageSet validation = TinyData.Bands(8, seed: 3);
        TrainingOutcome whole = TinyRun.Fit(recipe, validation: validation);
        using (Workspace workspace = new(_root, "run-x", new CheckpointSchedule { EverySteps = 1, Keep = 3 }, _warnings.Add))
        {
            int steps = 0;
            TinyRun.Fit(recipe, validation: validation, checkpoints: workspace, canceled: () => steps++ == 6);
            string newest = Path.Combine(workspace.Folder, Checkpoints(workspace)[0]);
            RunSnapshot damaged = Damage(workspace.Load(_ => { })!, damage);
            using FileStream file = File.Create(newest);
            CheckpointFile.Write(file, damaged);
        }

        using Workspace again = Open();
        TrainingOutcome outcome = TinyRun.Fit(recipe, validation: validation, checkpoints: again);

        Assert.StartsWith("Skipping the damaged checkpoint", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Equal(TinyRun.Bits(whole), TinyRun.Bits(outcome));
        Assert.Equal(TinyRun.Figures(whole), TinyRun.Figures(outcome));
    }

    [Fact]
    public void Fit_AllCheckpointsDamaged_StartsAnewBitIdentically()
    {
        TrainingOutcome whole = TinyRun.Fit(TinyRun.Recipe);
        using (Workspace workspace = Open())
        {
            TinyRun.Fit(TinyRun.Recipe, checkpoints: workspace);
            foreach (string name in Checkpoints(workspace))
            {
                RunSnapshot damaged;
                using (FileStream old = File.OpenRead(Path.Combine(workspace.Folder, name)))
                {
                    damaged = Damage(CheckpointFile.Read(old), "NaN in a weight");
                }

                using FileStream file = File.Create(Path.Combine(workspace.Folder, name));
                CheckpointFile.Write(file, damaged);
            }
        }

        using Workspace again = Open();
        TrainingOutcome outcome = TinyRun.Fit(TinyRun.Recipe, checkpoints: again);

        Assert.Equal(2, _warnings.Count);
        Assert.Equal(TinyRun.Bits(whole), TinyRun.Bits(outcome));
    }

    [Fact]
    public void Open_LockedFolder_ThrowsAndNamesTheProcess()
    {
        using (Open())
        {
            IOException error = Assert.Throws<IOException>(Open);
            Assert.StartsWith(
                $"The run in '{Path.Combine(_root, "run-x")}' is already in use by process {Environment.ProcessId} (",
                error.Message,
                StringComparison.Ordinal
            );
        }

        Open().Dispose();
    }

    [Fact]
    public void Open_TemporaryFileOfADeadProcess_DeletesIt()
    {
        Open().Dispose();
        string unfinished = Path.Combine(_root, "run-x", "checkpoint-000001-000000001.ckpt.1-abc.tmp");
        File.WriteAllText(unfinished, "half");

        Open().Dispose();

        Assert.False(File.Exists(unfinished));
    }

    [Fact]
    public void Fit_FolderDeletedMeanwhile_ContinuesAndWarns()
    {
        TrainingOutcome plain = TinyRun.Fit(TinyRun.Recipe);
        using Workspace workspace = Open();

        TrainingOutcome outcome = Fit(
            workspace,
            report =>
            {
                if (report is { Epoch: 1 } && Directory.Exists(_root))
                {
                    Directory.Delete(_root, recursive: true);
                }
            }
        );

        Assert.Equal(TinyRun.Bits(plain), TinyRun.Bits(outcome));
        Assert.Contains(
            _warnings,
            warning => warning.StartsWith($"Cannot write a checkpoint in '{workspace.Folder}'; training continues without it. ", StringComparison.Ordinal)
        );
        Assert.Contains(
            _warnings,
            warning => warning.StartsWith($"Cannot write the logs in '{workspace.Folder}'; training continues without them. ", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Fit_FolderRenamedMeanwhile_ContinuesAndTheRenamedOneResumes()
    {
        TrainingOutcome plain = TinyRun.Fit(TinyRun.Recipe);
        string renamed = _root + "-renamed";
        using (Workspace workspace = Open())
        {
            TrainingOutcome outcome = Fit(
                workspace,
                report =>
                {
                    if (report is { Epoch: 1 } && !Directory.Exists(renamed))
                    {
                        Directory.Move(_root, renamed);
                    }
                }
            );
            Assert.Equal(TinyRun.Bits(plain), TinyRun.Bits(outcome));
        }

        Assert.Contains(_warnings, warning => warning.Contains("Cannot write a checkpoint", StringComparison.Ordinal));
        Directory.Move(renamed, _root);
        int firstEpoch = -1;
        using Workspace again = Open();
        TrainingOutcome resumed = Fit(again, report => firstEpoch = firstEpoch < 0 ? report.Epoch : firstEpoch);
        Assert.Equal(TinyRun.Bits(plain), TinyRun.Bits(resumed));
        Assert.True(firstEpoch >= 1, "The run started anew.");
    }

    [SkippableFact]
    public void AtomicWrite_DiskFull_KeepsTheOldFile()
    {
        Skip.IfNot(File.Exists("/dev/full"), "/dev/full is not available.");
        string file = Path.Combine(_root, "whole");
        File.WriteAllText(file, "whole");

        Assert.ThrowsAny<IOException>(() =>
            Microsoft.ML.FeatureMining.Files.AtomicFile.Write(
                file,
                _ =>
                {
                    using FileStream full = File.OpenWrite("/dev/full");
                    full.Write(new byte[10_000]);
                    full.Flush();
                }
            )
        );

        Assert.Equal("whole", File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFiles(_root));
    }

    [Fact]
    public void Fit_Logs_ListAllEvents()
    {
        using Workspace workspace = Open();
        Fit(workspace, _ => { });

        JsonElement[] lines = [.. File.ReadAllLines(Path.Combine(workspace.Folder, "log.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];

        Assert.Equal(["start", "epoch", "checkpoint", "epoch", "checkpoint", "end"], lines.Select(line => line.GetProperty("event").GetString()));
        Assert.Equal("cifar-resnet-8", lines[0].GetProperty("backbone").GetString());
        Assert.Equal([1, 2], lines.Where(line => line.GetProperty("event").GetString() == "epoch").Select(line => line.GetProperty("epoch").GetInt32()));
        Assert.Equal("completed", lines[^1].GetProperty("end").GetString());
        Assert.Equal(6, File.ReadAllLines(Path.Combine(workspace.Folder, "log.txt")).Length);
    }

    [Fact]
    public void IsDue_AfterEverySteps_OrAfterTime()
    {
        using Workspace steps = new(_root, "steps", new CheckpointSchedule { EverySteps = 2 }, _warnings.Add);
        using Workspace time = new(_root, "time", new CheckpointSchedule { Every = TimeSpan.Zero }, _warnings.Add);

        Assert.Equal([false, false, true, false, true], Enumerable.Range(5, 5).Select(step => steps.IsDue(step)));
        Assert.True(time.IsDue(0));
    }

    [Fact]
    public void RunKey_OtherRecipeImagesOrValidation_Differs()
    {
        TrainingRecipe recipe = TinyRun.Recipe;
        string key = RunKey.Of(recipe, TinyData.Bands(20), null);

        Assert.Equal(key, RunKey.Of(recipe with { }, TinyData.Bands(20), null));
        string[] others =
        [
            RunKey.Of(recipe with { Epochs = 3 }, TinyData.Bands(20), null),
            RunKey.Of(recipe, TinyData.Bands(21), null),
            RunKey.Of(recipe, TinyData.Bands(20), TinyData.Bands(2)),
            RunKey.Of(recipe, TinyData.Bands(20), null, weights: "0123"),
            RunKey.Of(recipe, TinyData.Bands(20), null, weights: "4567"),
        ];
        Assert.DoesNotContain(key, others);
        Assert.Equal(5, others.Distinct().Count());
    }

    public void Dispose()
    {
        if (Directory.Exists(_root))
        {
            Directory.Delete(_root, recursive: true);
        }
    }

    private static TrainingOutcome Fit(Workspace workspace, Action<TrainingProgress> progress) =>
        workspace.Record(
            new { Backbone = "cifar-resnet-8" },
            new TrainingHost(TorchSharp.torch.CPU) { Progress = progress },
            host => TrainingEngine.Fit(TinyRun.Recipe, TinyData.Bands(20), validation: null, host)
        );

    private static RunSnapshot Damage(RunSnapshot saved, string what)
    {
        RunPosition position = saved.Position;
        NamedTensor weight = saved.Tensors.Tensors[0];
        return what switch
        {
            "NaN in a weight" => With(weight, weight with { Bytes = [.. BitConverter.GetBytes(float.NaN), .. weight.Bytes[4..]] }),
            "infinity in the optimizer" => Starting(
                "optimizer/",
                tensor => tensor with { Bytes = [.. BitConverter.GetBytes(float.PositiveInfinity), .. tensor.Bytes[4..]] }
            ),
            "missing weight" => With(weight),
            "unknown weight" => With(weight, weight, weight with { Name = "network/unknown" }),
            "weight of another shape" => With(weight, weight with { Shape = [1, .. weight.Shape] }),
            "weight of another type" => With(weight, weight with { Type = TorchSharp.torch.ScalarType.Int32 }),
            "two weights with the same name" => With(saved.Tensors.Tensors[1], saved.Tensors.Tensors[1] with { Name = weight.Name }),
            "best weights missing" => saved with { Tensors = saved.Tensors.Where(name => !name.StartsWith("best/", StringComparison.Ordinal)) },
            "NaN in the best weights" => Starting("best/", tensor => tensor with { Bytes = [.. BitConverter.GetBytes(float.NaN), .. tensor.Bytes[4..]] }),
            "order out of range" => Starting("order", tensor => tensor with { Bytes = [20, .. tensor.Bytes[1..]] }),
            "order too short" => Starting("order", tensor => tensor with { Shape = [19], Bytes = tensor.Bytes[4..] }),
            "no order in the middle of an epoch" => saved with { Tensors = saved.Tensors.Where(name => name != "order") },
            "epoch beyond the last" => saved with { Position = position with { Epoch = 4 } },
            "negative step" => saved with { Position = position with { Step = -1 } },
            "step beyond the last" => saved with { Position = position with { Step = 4 } },
            "metrics of fewer epochs" => saved with { Position = position with { History = [] } },
            "best epoch in the future" => saved with { Position = position with { Best = position.Best with { Epoch = 3 } } },
            "loss is NaN" => saved with { Position = position with { Sums = position.Sums with { Loss = double.NaN } } },
            "more hits than images" => saved with { Position = position with { Sums = position.Sums with { Hits = 1000 } } },
            "learning rate factor 0" => saved with { Position = position with { RateFactor = 0 } },
            "random stream of zeros" => saved with
            {
                Position = position with { Streams = position.Streams.ToDictionary(entry => entry.Key, _ => new ulong[4]) },
            },
            _ => throw new ArgumentException(what),
        };

        RunSnapshot With(NamedTensor old, params NamedTensor[] replacements) =>
            saved with
            {
                Tensors = new NamedTensors([.. saved.Tensors.Tensors.SelectMany(tensor => tensor == old ? replacements : [tensor])]),
            };

        RunSnapshot Starting(string prefix, Func<NamedTensor, NamedTensor> change)
        {
            NamedTensor first = saved.Tensors.Tensors.First(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal));
            return With(first, change(first));
        }
    }

    private static RunSnapshot At(int epoch, int step)
    {
        RunSnapshot sample = CheckpointFileTests.Sample();
        return sample with { Position = sample.Position with { Epoch = epoch, Step = step } };
    }

    private static string[] Checkpoints(Workspace workspace) =>
        [.. Directory.GetFiles(workspace.Folder, "*.ckpt").Select(file => Path.GetFileName(file)).OrderDescending(StringComparer.Ordinal)];

    private Workspace Open() => new(_root, "run-x", new CheckpointSchedule(), _warnings.Add);
}
